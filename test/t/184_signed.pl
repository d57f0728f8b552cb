# A signature that one session has verified counts in others, and nothing else does.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Issuer;
use MIME::Base64 qw(encode_base64url decode_base64url);
use PostgreSQL::Test::Utils;
use Test::More;
use Wire;

my $issuer = Issuer->new('python') or plan skip_all => 'python3-jwcrypto is not there';
my $folder = PostgreSQL::Test::Utils::tempdir();
my $file = "$folder/identity.jwks";
my %kinds = map { $_ => $issuer->key("a $_" =~ s/ /-/r, $_) } qw(EdDSA ES256 RS256);
my @kids = map { "a-$_" } sort keys %kinds;
put_keys($file, $issuer->set(@kids));
chmod 0755, $folder;

my $node = guard_node('signed', 'autovacuum = off', 'restart_after_crash = on', 'contact_guard.identity = required', "contact_guard.identity_keys = '$file'",
	"contact_guard.identity_audience = 'crm'");
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', 'CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO pool');
my ($value, $mask) = (phone_of(1), mask_of(1));
my @sessions = map { Wire->new($node, 'crm', 'pool') } 1 .. 4;

# What a token gives in one of the sessions
sub gives
{
	my ($session, $token) = @_;
	says($session, 'BEGIN');
	my $called = says($session, 'SELECT contact_guard.act_as_token($1)', $token);
	my $seen = $called eq '' ? says($session, 'SELECT phone FROM crm.customer WHERE id = 1') : $called;
	says($session, 'ROLLBACK');
	return $seen;
}
sub new_keys
{
	my ($text) = @_;
	my $offset = -s $node->logfile;
	put_keys($file, $text);
	$node->reload;
	$node->wait_for_log(qr/contact_guard (?:verifies tokens by|accepts no tokens)/, $offset);
	return;
}
# One byte of a part, decoded, is another one.
sub changed
{
	my ($token, $part, $place) = @_;
	my @parts = split /\./, $token;
	my $bytes = decode_base64url($parts[$part]);
	substr($bytes, $place, 1) ^= "\x01";
	$parts[$part] = encode_base64url($bytes);
	return join '.', @parts;
}

foreach my $kid (@kids)
{
	my $token = $issuer->token($kid);
	is(gives($_, $token), $value, "$kid: a session") foreach @sessions;
	# Next to a token that is known to be good
	like(gives($_, changed($token, 2, 7)), qr/^28000: token refused \(Its signature is wrong/, '... another signature is not known') foreach @sessions;
	like(gives($_, changed($token, 1, -8)), qr/^28000: token refused \(Its signature is wrong/, '... nor are other claims') foreach @sessions;
	like(gives($_, substr($token, 0, -1)), qr/^28000: token refused \(Its signature is wrong/, '... nor a part of it') foreach @sessions;
	my ($header, $claims, $signature) = split /\./, $token;
	my $of = { EdDSA => 'ES256', ES256 => 'RS256', RS256 => 'EdDSA' }->{ $kid =~ s/a-//r };
	my $with = encode_base64url(qq({"alg":"$of","kid":"a-$of"}));
	like(gives($_, "$with.$claims.$signature"), qr/^28000: token refused \(Its signature is wrong/, '... nor the signature with another key') foreach @sessions;
}

# Changes of keys.  The first session has verified the token, the others have not seen it.
my $ec = 'a-ES256';
{
	my $token = $issuer->token($ec);
	is(gives($sessions[0], $token), $value, 'a token, verified by one session');
	new_keys($issuer->set(grep { $_ ne $ec } @kids));
	like(gives($_, $token), qr/^28000: token refused \(Its header names a key/, '... whose key is gone') foreach @sessions;
	my $old = $issuer->{jwks}{$ec};
	my $other = Issuer->new('python')->key($ec, 'ES256');
	new_keys($issuer->set($other, grep { $_ ne $ec } @kids));
	like(gives($_, $token), qr/^28000: token refused \(Its signature is wrong/, '... or is another one of that name') foreach @sessions;
	new_keys('{"keys":[]}');
	like(gives($_, $token), qr/^28000: token refused \(There are no keys/, '... or nobody has one') foreach @sessions;
	new_keys($issuer->set($old, grep { $_ ne $ec } @kids));
	is(gives($_, $token), $value, '... and is there again') foreach reverse @sessions;
}

# What is judged each time
{
	my $short = $issuer->token($ec, exp => time - 27);
	is(gives($sessions[0], $short), $value, 'a token of three seconds, verified by one session');
	says($sessions[0], 'SELECT pg_sleep(greatest(0, $1::float8 - extract(epoch FROM clock_timestamp())))', time + 4);
	like(gives($_, $short), qr/^28000: token refused \(It has expired/, '... expires for all') foreach @sessions;
	my $revoked = $issuer->token($ec);
	is(gives($sessions[0], $revoked), $value, 'a token, verified by one session');
	$node->safe_psql('crm', q(SELECT contact_guard.revoke_identity('anna', reason => 'test', before => 'infinity')));
	like(gives($_, $revoked), qr/^28000: token refused \(It was revoked/, '... is revoked for all') foreach @sessions;
	$node->safe_psql('crm', q(SELECT contact_guard.revoke_identity('anna', reason => 'test', before => '-infinity')));
	is(gives($_, $revoked), $value, '... and is not any more') foreach @sessions;
	foreach my $setting ([ identity_replay => 'refuse', 'Another session uses it', 'allow' ], [ identity_audience => 'other', 'It is meant for another audience', 'crm' ])
	{
		my ($name, $set, $why, $back) = @$setting;
		my $token = $issuer->token($ec, jti => $name);
		$node->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.$name = '$set'");
		$node->reload;
		foreach my $session (@sessions)
		{
			for (1 .. 100) { last if says($session, "SHOW contact_guard.$name") eq $set; select undef, undef, undef, 0.1 }
		}
		is(gives($sessions[0], $token), $value, 'a token with a number') if $name eq 'identity_replay';
		like(gives($_, $token), qr/^28000: token refused \($why/, "$name: each session is asked") foreach @sessions[1 .. 3];
		$node->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.$name = '$back'");
		$node->reload;
		foreach my $session (@sessions)
		{
			for (1 .. 100) { last if says($session, "SHOW contact_guard.$name") eq $back; select undef, undef, undef, 0.1 }
		}
	}
}

# More tokens than have room in some places: each is verified again, and none is mistaken.
{
	my @tokens = map { $issuer->token($ec, jti => "number $_") } 1 .. 1500;
	my $good = 0;
	foreach my $i (0 .. $#tokens) { $good += gives($sessions[ $i % 2 ], $tokens[$i]) eq $value }
	is($good, 1500, '1500 tokens');
	$good = 0;
	foreach my $i (map { $_ * 3 } 0 .. 499) { $good += gives($sessions[2], $tokens[$i]) eq $value }
	is($good, 500, '... some of them in another session');
	$good = 0;
	foreach my $i (0 .. 99) { $good += gives($sessions[3], changed($tokens[$i], 2, 0)) !~ /Its signature is wrong/ }
	is($good, 0, '... and no other one');
}

# Shared memory has no token.
SKIP:
{
	my $token = $issuer->token($ec, sub => 'anna', jti => 'sought for');
	is(gives($_, $token), $value, 'a token that is sought for') foreach @sessions;
	is($node->safe_psql('crm', q(SELECT count(*) FROM pg_shmem_allocations WHERE name = 'contact_guard signatures')), 1, 'the memory is there');
	my ($postmaster) = split /\n/, slurp_file($node->data_dir . '/postmaster.pid');
	my $found = 0;
	my $looked = 0;
	my ($fixed, $signature) = (split /\./, $token)[1, 2];
	open my $maps, '<', "/proc/$postmaster/maps" or die;
	# Some systems let nobody look into another process.
	open my $memory, '<:raw', "/proc/$postmaster/mem" or skip "/proc/$postmaster/mem: $!", 2;
	foreach my $line (<$maps>)
	{
		next unless $line =~ m{^([0-9a-f]+)-([0-9a-f]+) rw-s .*(?:/dev/zero|SYSV|PostgreSQL)};
		my ($from, $to) = map { hex } $1, $2;
		sysseek $memory, $from, 0;
		next unless sysread $memory, my $bytes, $to - $from;
		$looked += length $bytes;
		$found++ if index($bytes, $signature) >= 0 || index($bytes, decode_base64url($signature)) >= 0;
	}
	ok($looked > 1_000_000, 'shared memory was looked at');
	is($found, 0, '... and has no signature');
}

# After a crash the memory is made anew, and tokens are verified anew.
{
	my $token = $issuer->token($ec);
	is(gives($sessions[0], $token), $value, 'before a crash');
	my $pid = says($sessions[1], 'SELECT pg_backend_pid()');
	kill 'KILL', $pid;
	for (1 .. 100) { last if $node->psql('crm', 'SELECT contact_guard.sync()', stderr => \my $unread) == 0; select undef, undef, undef, 0.1 }
	is(gives(Wire->new($node, 'crm', 'pool'), $token), $value, '... and after it');
}

$node->stop;
done_testing();
