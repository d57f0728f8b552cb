# contact-guard where its surroundings are hostile: files and links in the place of what it
# writes, servers that stall, messages that look like its own, ranges without number.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use IO::Socket::UNIX;
use IPC::Run;
use MIME::Base64;
use Mock;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

my $mock = Mock->new('client', 'example.com/log');
my ($dsn, $vkey, $work) = ($mock->dsn, $mock->vkey, $mock->work(''));
my @vkey = ('--vkey', $vkey);
my ($status, $said);

sub guard { ($status, $said) = guard_says(@_); return $status }

# answers(FUNCTION, ARGUMENTS, TYPE, BODY): the server's function is another one
sub answers { my ($function, $body) = @_; return $mock->sql("CREATE OR REPLACE FUNCTION contact_guard.$function RETURNS text LANGUAGE plpgsql AS \$f\$ $body \$f\$") }

$mock->publish(0, 9);
is(guard('verify', $dsn, @vkey), 0, 'a good log') or diag($said);

# Files: what it writes replaces files only, and is created where nothing was.
my $victim = write_to("${work}victim", "keep me\n");
my $out = "${work}out";
my @proof = ('proof', $dsn, '--seq', 3, @vkey, '--out', $out);
is(guard(@proof), 0, 'proof writes a file') or diag($said);
is(guard(@proof), 0, '... and replaces a file');
my %other = (
	'a link to a file' => sub { symlink $victim, $out or die $! },
	'a link to nothing' => sub { symlink "${work}nothing", $out or die $! },
	'a link to a device' => sub { symlink '/dev/null', $out or die $! },
	'a pipe' => sub { POSIX::mkfifo($out, 0600) or die $! },
	'a folder' => sub { mkdir $out or die $! });
foreach my $what (sort keys %other)
{
	unlink $out or rmdir $out or die $!;
	$other{$what}->();
	my @before = (lstat $out)[0, 1, 2];
	is(guard(@proof), 2, "$what is there: it is left");
	like($said, qr/"\Q$out\E" is not a file, and is not replaced by one/, '... and that is said');
	is("@{[ (lstat $out)[0, 1, 2] ]}", "@before", '... it is the same');
}
unlink $out or rmdir $out or die $!;
is(join(' ', glob "${work}out* ${work}nothing*"), '', '... and nothing lies about');
# The number of the process can be guessed, and with it the name of the temporary file.
IPC::Run::run([ 'sh', '-c', 'for i in 0 1 2; do ln -s "$0" "$1.$$-$i.tmp"; done; shift; exec "$@"', $victim, $out,
		$ENV{CG_PROGRAM} || 'contact-guard', @proof ], '>&', \$said);
is($? >> 8, 0, 'links in the place of its temporary file') or diag($said);
is(slurp_file($victim), "keep me\n", '... are not followed');
is(guard('check-proof', $out, @vkey), 0, '... the file is good') or diag($said);
ok(!-l $out, '... and not a link');
symlink "${work}nothing", "${work}key" or die $!;
is(guard('keygen', '--origin', 'x', '--out', "${work}key"), 2, 'keygen follows no link');
ok(!-e "${work}nothing", '... and makes no file behind it');
is(guard('check-proof', '/dev/zero', @vkey), 2, 'a file without end is not read to its end');

# Keys of a later kind
my $later = 'later.example+00000000+' . encode_base64("\x06" . 'x' x 1312, '');
is(guard('verify', $dsn, '--vkey', write_to("${work}keys", "# ours\n$later\n$vkey\n")), 0, 'a key of an unknown type is skipped') or diag($said);
like($said, qr/a key of a type that .* does not know is left out: later\.example$/m, '... and that is said');
is(guard('verify', $dsn, '--vkey', $later, @vkey), 0, '... on the command line, too');
is(guard('verify', $dsn, '--vkey', $later), 2, 'without a known one');
like($said, qr/there is no key of a known type/, "... the server's word is not taken");
is(guard('verify', $dsn, '--vkey', write_to("${work}keys", "# none\n")), 2, 'nor for a file without keys');

# What a server says stays behind a margin, and moves no cursor.
answers('checkpoint()', q(BEGIN RAISE NOTICE E'one\ngood'; RAISE EXCEPTION E'two\rgood\x1b[2J\ngood' USING DETAIL = E'good\ngood'; END));
is(guard('verify', $dsn, @vkey), 2, 'a server with words of its own');
unlike($said, qr/^\s*good/m, '... writes no line "good"');
unlike($said, qr/[^\n\x20-\x7E]/, '... and no control character');
like($said, qr/two\\x0dgood\\x1b\[2J\n    \| good\n    \| DETAIL/, '... but its words are shown');

# Servers that do not answer, or that never come to an end
answers('checkpoint()', q(BEGIN PERFORM pg_sleep(600); RETURN ''; END));
is(guard('verify', $dsn, @vkey, '--timeout', 1), 2, 'a slow server is left alone');
like($said, qr/has not answered within 1 s|statement timeout/, '... after the time that was given');
is($mock->sql(q(SELECT count(*) FROM pg_stat_activity WHERE query ~ 'contact_guard.checkpoint' AND state = 'active' AND pid <> pg_backend_pid()
	AND (SELECT pg_sleep(3) IS NOT NULL))), 0, '... which does not work on');

sub message { my ($type, $body) = @_; return $type . pack('N', 4 + length $body) . $body }

# stalling(SUB): a server that answers the connection, and calls SUB with the socket at each query
sub stalling
{
	my ($answer) = @_;
	my $folder = PostgreSQL::Test::Utils::tempdir_short();
	my $listen = IO::Socket::UNIX->new(Local => "$folder/.s.PGSQL.5432", Listen => 5) or die $!;
	my $pid = fork() // die $!;
	if ($pid == 0)
	{
		local $SIG{PIPE} = sub { POSIX::_exit(0) };
		alarm 120;
		while (my $socket = $listen->accept)
		{
			my $asked;
			sysread $socket, $asked, 8192;
			syswrite $socket, message('R', pack('N', 0)) . message('S', "server_encoding\0UTF8\0") . message('Z', 'I') if $answer;
			sysread $socket, $asked, 8192;
			$answer->($socket) if $answer;
			sleep 600;
		}
		POSIX::_exit(0);
	}
	return ($pid, "host=$folder port=5432 dbname=x user=x");
}

my $field = message('T', pack('n', 1) . "x\0" . pack('NnNnNn', 0, 0, 25, -1 & 0xFFFF, 0xFFFFFFFF, 1));
my %stalls = (
	'says nothing at all' => undef,
	'says nothing after the connection' => sub { },
	'begins an answer' => sub { syswrite $_[0], message('1', '') . message('2', '') . substr($field, 0, 3) },
	'sends notices without end' => sub { while (1) { syswrite $_[0], message('N', "SNOTICE\0C00000\0Mx\0\0"); select undef, undef, undef, 0.2 } },
	'sends results without end' => sub { while (1) { syswrite $_[0], message('1', '') . message('2', '') . message('C', "SELECT 0\0") } });
foreach my $name (sort keys %stalls)
{
	my ($pid, $where) = stalling($stalls{$name});
	is(guard('verify', $where, @vkey, '--timeout', 2), 2, "a server that $name: could not be checked");
	like($said, qr/timeout expired|has not answered within 2 s|makes no sense|lost synchronization/, '... and that is said') or diag($said);
	kill 'KILL', $pid;
	waitpid $pid, 0;
}

# Ranges: each purged row may be one.  The plain way took a minute of processor time for these.
my $harness = "${work}ranges";
my $source = "$FindBin::RealBin/../..";
my $includedir = `pg_config --includedir`;
chomp $includedir;
system_or_bail('cc', '-O1', '-D_GNU_SOURCE', "-I$source/src", "-I$includedir", '-o', $harness, "$source/test/client/ranges.c", "$source/src/client/ranges.c");
command_like([ $harness, 'check' ], qr/^0 failed$/, 'ranges of purges explain what the plain way does');
command_like([ 'sh', '-c', 'ulimit -t 10; exec "$0" many', $harness ], qr/^0$/, '... and a hundred thousand of them in no time');
$mock->{node}->stop;
done_testing();
