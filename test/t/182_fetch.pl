# contact-guard fetch-jwks brings the keys of an identity provider into a file.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use IO::Socket::INET;
use IPC::Run;
use JSON::PP;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;

my $client = "$FindBin::RealBin/../../src/client/contact-guard";
my $folder = PostgreSQL::Test::Utils::tempdir();
my $out = "$folder/identity.jwks";
my ($status, $body) = ('200 OK', '');

# Fetches from a provider that gives one answer
sub fetch
{
	my (@more) = @_;
	my $listen = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1) or die "no socket: $!";
	my $pid = fork() // die "fork: $!";
	if ($pid == 0)
	{
		alarm 60;
		my $socket = $listen->accept or POSIX::_exit(1);
		while (my $line = readline $socket) { last if $line =~ /^\r?$/ }
		print $socket "HTTP/1.0 $status\r\nContent-Length: @{[ length $body ]}\r\n", @more, "\r\n$body";
		close $socket;
		POSIX::_exit(0);
	}
	my $said = '';
	IPC::Run::run([ $client, 'fetch-jwks', 'http://127.0.0.1:' . $listen->sockport . '/keys', '--out', $out ], '>&', \$said);
	my $code = $? >> 8;
	kill 'KILL', $pid;
	waitpid $pid, 0;
	return ($code, $said);
}
sub of_file { return -e $out ? slurp_file($out) : undef }

my $key = { kty => 'OKP', crv => 'Ed25519', x => '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid => 'one' };
my $good = $body = encode_json({ keys => [ $key, { kty => 'RSA', use => 'enc', kid => 'two' } ] });
my ($code, $said) = do { umask 0; fetch() };
is($code, 0, 'a good set');
like($said, qr/^written: \S+\nkPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k one\nignored: 1 /, '... with thumbprints');
is(of_file(), $good, '... is in the file');
is((stat $out)[2] & 07777, 0644, '... which nobody else can write, and the server can read');
is((fetch())[0] . (fetch())[1], "0unchanged: $out\nkPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k one\nignored: 1 keys of other kinds or uses\n", 'once more: nothing changes');

foreach my $case ([ 'not JSON', '<html>', qr/is not a set of keys: it is not a JSON object/ ], [ 'no keys', '{"keys":[]}', qr/it has no key/ ],
	[ 'a secret key', encode_json({ keys => [ { %$key, d => 'x' } ] }), qr/it has a secret key/ ], [ 'half of it', substr($good, 0, 40), qr/is not a set of keys/ ],
	[ 'too much', ' ' x 40_000 . $good, qr/longer than 32 kB/ ])
{
	my ($name, $text, $why) = @$case;
	$body = $text;
	($code, $said) = fetch();
	is($code, 2, $name);
	like($said, $why, '... is said');
	is(of_file(), $good, '... and the file stays');
}
$body = $good;
$status = '404 Not Found';
like((fetch())[1], qr/answers with status 404/, 'an error');
$status = '302 Found';
like((fetch("Location: http://127.0.0.1/other\r\n"))[1], qr/answers with status 302/, 'no redirection is followed');
is(of_file(), $good, '... and the file stays');
foreach my $url ('http://login.example/keys', 'http://127.0.0.1:x@login.example/keys', 'http://127.0.0.1.login.example/', 'file:///etc/passwd', 'ftp://127.0.0.1/')
{
	my $text = '';
	IPC::Run::run([ $client, 'fetch-jwks', $url, '--out', $out ], '>&', \$text);
	like($text, qr/keys come by https only/, "not from $url");
}
opendir(my $all, $folder) or die;
is(join(' ', sort grep { !/^\./ } readdir $all), 'identity.jwks', 'no other file is left');
done_testing();
