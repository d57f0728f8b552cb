# A server that is made of plain tables (test/client/mock.sql), for tests of contact-guard:
# the library is not needed, and what the server answers is the test's choice.
package Mock;

use strict;
use warnings;

use Exporter 'import';
use FindBin;
use IPC::Run;
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;

our @EXPORT = qw(guard_says sign_by write_to);

# What openssl wants in front of a seed (PKCS #8)
use constant PKCS8 => '302e020100300506032b657004220420';

# Mock->new(NAME, ORIGIN): its log is empty
sub new
{
	my ($class, $name, $origin) = @_;
	my $self = bless { origin => $origin, work => PostgreSQL::Test::Utils::tempdir() }, $class;
	my $node = $self->{node} = PostgreSQL::Test::Cluster->new($name);

	$node->init;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\nfsync = off");
	$node->start;
	$self->sql(slurp_file("$FindBin::RealBin/../client/mock.sql"));
	$self->sql(question($_)) foreach qw(who_read reads_by withheld_attempts reads_after_close);
	$self->{vkey} = $self->keygen('log', $origin);
	$self->sql("INSERT INTO contact_guard.mock_key VALUES ('$self->{vkey}')");
	return $self;
}

# The function of the install script
sub question
{
	my ($name) = @_;
	my ($script) = glob "$FindBin::RealBin/../../extension/contact_guard--1.1.sql";
	return (slurp_file($script) =~ /^(CREATE FUNCTION contact_guard\.\Q$name\E\(.*?^\tEND;)$/ms)[0] // die "no function $name in $script";
}

sub sql { my ($self, $sql) = @_; return $self->{node}->safe_psql('postgres', $sql) }
sub work { my ($self, $name) = @_; return "$self->{work}/$name" }
sub vkey { return $_[0]{vkey} }
sub dsn { return $_[0]{node}->connstr('postgres') }

# Makes a key in a file of this name; returns the verification key.
sub keygen
{
	my ($self, $file, $name, @options) = @_;
	my ($status, $said) = guard_says('keygen', '--origin', $name, '--out', $self->work($file), @options);
	die "keygen: $said" if $status != 0;
	chomp $said;
	return $said;
}

# Rows first to last are logged; then all rows that there are, or this many, are signed.
# Returns the note.
sub publish
{
	my ($self, $first, $last, $size) = @_;
	$self->sql("CALL contact_guard.mock_fill($first, $last)") if defined $last;
	$self->sql('CALL contact_guard.mock_build()');
	$size //= $self->sql('SELECT count(*) FROM contact_guard.mock_node WHERE height = 0');
	return $self->put_note($size, sign_by($self->work('log'), $self->sql("SELECT contact_guard.mock_text('$self->{origin}', $size)")));
}

sub put_note
{
	my ($self, $size, $note) = @_;
	$self->sql("DELETE FROM contact_guard.mock_note WHERE size = $size;
		INSERT INTO contact_guard.mock_note VALUES ($size, \$note\$$note\$note\$)");
	return $note;
}

# guard_says(ARGUMENT...): exit status of contact-guard, and what it said.  Dies after a minute.
sub guard_says
{
	my $said = '';
	IPC::Run::run([ $ENV{CG_PROGRAM} || 'contact-guard', @_ ], '<', \undef, '>&', \$said, IPC::Run::timeout(60));
	return ($? & 127 ? "signal $?" : $? >> 8, $said);
}

sub write_to
{
	my ($path, $text) = @_;
	open my $fh, '>:raw', $path or die "$path: $!";
	print $fh $text;
	close $fh or die "$path: $!";
	return $path;
}

# The raw signature of a text by the seed of a secret key's file, which openssl makes
sub signature
{
	my ($seed, $text) = @_;
	my $work = PostgreSQL::Test::Utils::tempdir();
	write_to("$work/der", pack('H*', PKCS8) . $seed);
	write_to("$work/text", $text);
	system_or_bail(qw(openssl pkeyutl -sign -rawin -keyform DER -inkey), "$work/der", '-in', "$work/text", '-out', "$work/signature");
	return slurp_file("$work/signature");
}

# sign_by(FILE, TEXT, TIME): the signed note.  With a time it is a witness's cosignature.
sub sign_by
{
	my ($file, $text, $time) = @_;
	return "$text\n" . signature_line($file, $text, $time);
}

sub signature_line
{
	my ($file, $text, $time) = @_;
	my ($name, $id, $secret) = slurp_file($file) =~ /^PRIVATE\+KEY\+([^+]+)\+([0-9a-f]{8})\+(\S+)\n$/ or die "$file: not a key";
	my $seed = substr decode_base64($secret), 1;
	my $bytes = defined $time ? pack('Q>', $time) . signature($seed, "cosignature/v1\ntime $time\n$text") : signature($seed, $text);
	return "\xE2\x80\x94 $name " . encode_base64(pack('H8', $id) . $bytes, '') . "\n";
}

1;
