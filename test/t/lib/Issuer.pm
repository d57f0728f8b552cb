# An issuer of tokens: test/issuer/issuer.py, or issuer.js, as a process beside the test.
package Issuer;

use strict;
use warnings;

use Exporter 'import';
use FindBin;
use IPC::Open2;
use JSON::PP;
use Wire;

our @EXPORT = qw(says put_keys);

my $json = JSON::PP->new->canonical->allow_nonref;

# Runs a statement in a session (a Wire), with parameters if there are any: its rows as text, and
# what is raised.
sub says
{
	my ($wire, $sql, @parameters) = @_;
	$wire->put(@parameters ? Wire::parse('', $sql) . Wire::bind_to('', '', @parameters) . Wire::execute('') . Wire::sync() : Wire::simple($sql));
	my @messages = $wire->until_ready;
	return join "\n", (map { join '|', map { $_ // '' } @$_ } grep { "@{[ map { $_ // '' } @$_ ]}" ne '' } Wire::rows(@messages)),
		map { "$_->{C}: $_->{M}" . (defined $_->{D} ? " ($_->{D})" : '') } Wire::errors(@messages), grep { $_->{S} eq 'WARNING' } Wire::notices(@messages);
}

# Writes the file of keys, all of it at once.
sub put_keys
{
	my ($file, $text) = @_;
	open my $out, '>', "$file.new" or die "$file: $!";
	print $out $text;
	close $out;
	chmod 0644, "$file.new";
	rename "$file.new", $file or die "$file: $!";
	return;
}

# Issuer->new('python') or Issuer->new('node'); undef if it is not there.
sub new
{
	my ($class, $which) = @_;
	my $folder = "$FindBin::RealBin/../issuer";
	my @command = $which eq 'node' ? ('node', "$folder/issuer.js") : ('python3', "$folder/issuer.py");
	my $probe = $which eq 'node' ? 'node --version' : q(python3 -c 'import jwcrypto');
	return undef if system("$probe >/dev/null 2>&1") != 0;
	my $self = bless { jwks => {} }, $class;
	$self->{pid} = open2($self->{out}, $self->{in}, @command);
	return $self;
}

sub ask
{
	my ($self, $what) = @_;
	print { $self->{in} } $json->encode($what), "\n";
	$self->{in}->flush;
	my $answer = readline $self->{out};
	die 'the issuer has ended' unless defined $answer;
	chomp $answer;
	return $answer;
}

# Makes a key, and returns its public JWK.
sub key
{
	my ($self, $kid, $kind, %more) = @_;
	return $self->{jwks}{$kid} = $json->decode($self->ask({ key => $kid, kind => $kind, %more }));
}

# The text of a JWK Set with these keys
sub set
{
	my ($self, @kids) = @_;
	return $json->encode({ keys => [ map { ref $_ ? $_ : $self->{jwks}{$_} } @kids ] });
}

# Claims that are good now, with changes; a change to undef leaves a claim out.
sub claims
{
	my (%changes) = @_;
	my $now = time;
	my %claims = (sub => 'anna', aud => 'crm', iat => $now - 5, exp => $now + 600, %changes);
	delete @claims{ grep { !defined $claims{$_} } keys %claims };
	return \%claims;
}

sub token
{
	my ($self, $kid, %changes) = @_;
	return $self->ask({ sign => $kid, claims => claims(%changes) });
}

# With a header of its own, or with claims as a text
sub signed
{
	my ($self, $kid, $claims, $header) = @_;
	return $self->ask({ sign => $kid, claims => $claims, defined $header ? (header => $header) : () });
}

sub DESTROY
{
	my ($self) = @_;
	close $self->{in};
	waitpid $self->{pid}, 0;
	return;
}

1;
