# act_as_token(): who reads is named by a signed token.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Issuer;
use JSON::PP;
use MIME::Base64 qw(encode_base64url decode_base64url);
use PostgreSQL::Test::Utils;
use Test::More;
use Wire;

my $issuer = Issuer->new('python') or plan skip_all => 'python3-jwcrypto is not there';
my $folder = PostgreSQL::Test::Utils::tempdir();
my $file = "$folder/identity.jwks";

sub put_file { return put_keys($file, shift) }

$issuer->key("python-$_", $_) foreach qw(EdDSA ES256 RS256);
my $node_issuer = Issuer->new('node');
if ($node_issuer) { $issuer->{jwks}{"node-$_"} = $node_issuer->key("node-$_", $_) foreach qw(EdDSA ES256 RS256) }
my @all = sort keys %{ $issuer->{jwks} };
put_file($issuer->set(@all, { kty => 'RSA', use => 'enc', n => 'AQAB', e => 'AQAB' }));
chmod 0755, $folder;

my $node = guard_node('tokens', 'autovacuum = off', "contact_guard.identity = allowed", "contact_guard.identity_keys = '$file'",
	"contact_guard.identity_audience = 'crm'");
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', 'CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy, dispatcher; CREATE ROLE planner; CREATE ROLE other LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO pool, other');
sub admin { return $node->safe_psql('crm', shift) }
my ($value, $mask) = (phone_of(1), mask_of(1));


my $pool = Wire->new($node, 'crm', 'pool');
my $call = 'SELECT contact_guard.act_as_token($1)';
my $see = 'SELECT phone FROM crm.customer WHERE id = 1';

# What a token gives, in a transaction of its own
sub gives
{
	my ($token, $sql, @more) = @_;
	says($pool, 'BEGIN');
	my $called = says($pool, @more ? 'SELECT contact_guard.act_as_token($1, $2)' : $call, $token, @more);
	my $seen = $called eq '' ? says($pool, $sql // $see) : $called;
	says($pool, 'ROLLBACK');
	return $seen;
}
sub is_refused { my ($token, $why, $name) = @_; return like(gives($token), qr/^28000: token refused \($why/, "refused: $name") }

# Accepted
is(gives($issuer->token($_)), $value, "accepted: python3-jwcrypto, $_") foreach map { "python-$_" } qw(EdDSA ES256 RS256);
SKIP:
{
	skip 'node is not there', 3 if !$node_issuer;
	is(gives($node_issuer->token($_)), $value, "accepted: $_") foreach map { "node-$_" } qw(EdDSA ES256 RS256);
}
my $ec = 'python-ES256';
is(gives($issuer->token($ec), 'SELECT contact_guard.current_actor()'), 'anna', 'the actor is the subject');
is(gives($issuer->token($ec, sub => 'eve')), $mask, '... who sees what is his');
is(gives($issuer->token($ec, aud => [ 'other', 'crm' ])), $value, 'aud may be an array');
is(gives($issuer->token($ec, exp => time - 20)), $value, 'expired 20 s ago, within the leeway');
is(gives($issuer->token($ec, nbf => time + 20, iat => time + 20)), $value, 'a clock that is 20 s ahead');
is(gives($issuer->signed($ec, Issuer::claims(), { alg => 'ES256', kid => $ec })), $value, 'typ may be absent');
is(gives($issuer->signed($ec, encode_json(Issuer::claims(exp => undef)) =~ s/}$/',"e\\u0078p":' . (time + 60) . '.5}'/er)), $value, 'a member in other writing, and a time with a fraction');

# Refused: the token
{
	my ($ed, $rs) = ('python-EdDSA', 'python-RS256');
	my $good = $issuer->token($ec);
	my ($header, $payload, $signature) = split /\./, $good;
	my $with = sub { my ($h, $kid) = @_; return $issuer->signed($kid // $ec, Issuer::claims(), $h) };
	is_refused(join('.', encode_base64url(qq({"alg":"none","kid":"$ec"})), $payload, ''), 'Its header names another algorithm', 'alg none');
	is_refused($with->({ alg => 'HS256', kid => $rs }, $rs), 'Its header names another algorithm', 'HS256 with the key of RSA');
	{
		require Digest::SHA;
		my $signed = encode_base64url(encode_json({ alg => 'HS256', kid => $rs })) . ".$payload";
		foreach my $secret ($issuer->{jwks}{$rs}{n}, decode_base64url($issuer->{jwks}{$rs}{n}), encode_json($issuer->{jwks}{$rs}))
		{
			is_refused("$signed." . encode_base64url(Digest::SHA::hmac_sha256($signed, $secret)), 'Its header names another algorithm', 'HS256 with the public key as the secret');
		}
	}
	is_refused($with->({ alg => 'EdDSA', kid => $rs }, $ed), 'Its header names another algorithm', 'an EdDSA token that names the RSA key');
	is_refused($with->({ alg => 'RS256', kid => $rs }, $ed), 'Its signature is wrong', '... and its algorithm');
	is_refused($with->({ alg => 'ES256', kid => 'nobody' }), 'Its header names a key \(kid\) that is not', 'an unknown kid');
	is_refused($with->({ alg => 'ES256' }), 'Its header names no key', 'no kid');
	is_refused($with->({ alg => 'ES256', kid => $ec, crit => ['exp'] }), 'Its header has extensions', 'crit');
	is_refused($with->({ alg => 'ES256', kid => $ec, typ => 'logout+jwt' }), 'Its header says that it is of another type', 'another typ');
	is_refused($with->(qq({"alg":"ES256","kid":"x","kid":"$ec"})), 'Its header is not a JSON object', 'a member twice in the header');
	is_refused($with->(qq({"alg":"ES256","kid":"$ec","x":{"a":1,"\\u0061":2}})), 'Its header is not a JSON object', '... also deeper, in other writing');
	is_refused($issuer->signed($ec, encode_json(Issuer::claims()) =~ s/}$/,"sub":"boss"}/r), 'What it claims is not a JSON object', 'a member twice in the claims');
	is_refused($issuer->signed($ec, encode_json(Issuer::claims()) . ' x'), 'What it claims is not a JSON object', 'something behind the claims');
	is_refused($issuer->signed($ec, encode_json(Issuer::claims()) =~ s/anna/an\\u0000na/r), 'What it claims is not a JSON object', 'U+0000');
	is_refused("$header." . encode_base64url(encode_json(Issuer::claims(sub => 'boss'))) . ".$signature", 'Its signature is wrong', 'a changed payload');
	is_refused("$good=", 'Its signature is wrong', 'padding');
	is_refused(join('.', $header, $payload), 'It does not have three parts', 'two parts');
	is_refused("$good.x", 'It does not have three parts', 'four parts');
	is_refused(" $good", 'Its header is not base64url', 'a space in front');
	is_refused($issuer->token($ec, x => 'y' x 4000), 'It is longer than 4 kB', 'too long');
	is_refused($issuer->token($ec, exp => time - 40), 'It has expired', 'expired 40 s ago');
	is_refused($issuer->token($ec, exp => undef), 'It does not expire', 'no exp');
	is_refused($issuer->token($ec, exp => "@{[ time + 60 ]}"), 'One of its times', 'exp as a text');
	is_refused($issuer->signed($ec, encode_json(Issuer::claims(exp => undef)) =~ s/}$/,"exp":1e99}/r), 'One of its times', 'exp with an exponent');
	is_refused($issuer->token($ec, aud => 'other'), 'It is meant for another audience', 'another aud');
	is_refused($issuer->token($ec, aud => undef), 'It is meant for another audience', 'no aud');
	is_refused($issuer->token($ec, nbf => time + 100), 'It does not count yet', 'nbf in the future');
	is_refused($issuer->token($ec, iat => time + 100), 'It was issued in the future', 'iat in the future');
	is_refused($issuer->token($ec, exp => time + 4000), 'It lives longer', 'more than an hour');
	is_refused($issuer->token($ec, exp => time + 4000, iat => undef), 'It lives longer', '... without iat, too');
	is_refused($issuer->token($ec, sub => undef), 'It names nobody', 'no sub');
	is_refused($issuer->token($ec, sub => 'x' x 257), 'It names nobody', 'a long sub');
	is_refused($issuer->token($ec, $_ => 'all'), 'One of its claims', "$_ that is no array") foreach qw(interventions columns contact_guard_roles);
	is_refused($issuer->token($ec, purpose => $_), 'Its purpose is not a text', 'a purpose that is no text, or long') foreach [ 'x' ], '', 'x' x 201;
	like(says($pool, 'SELECT contact_guard.act_as_token(NULL)'), qr/^28000: token refused/, 'refused: NULL');
	like(says($pool, "BEGIN; SELECT contact_guard.act_as_token('$good')"), qr/^28000: token refused \(It is in the text of the statement/, 'refused: in the text of the statement');
	says($pool, 'ROLLBACK');
	like(says($pool, "BEGIN; SELECT contact_guard.act_as_token('@{[ substr $good, 0, 60 ]}' || '@{[ substr $good, 60 ]}')"), qr/^28000: token refused \(It is in the text of the statement/, '... in pieces, too');
	says($pool, 'ROLLBACK');
	like(says($pool, $call, $good), qr/^25P01: act_as has no effect outside/, 'outside a transaction: a warning');
	like(says(Wire->new($node, 'crm', 'other'), $call, $good), qr/^42501: permission denied/, 'only proxies');
	like(says(Wire->new($node, 'crm', 'other'), 'SELECT contact_guard.act_as_token($1, $2)', $good, 'eve'), qr/^42501: permission denied/, '... by the form with text, too');
}

# Roles: the token and the membership must agree
{
	my $dispatcher = $issuer->token($ec, sub => 'm.dupont', contact_guard_roles => ['dispatcher']);
	is(gives($issuer->token($ec, sub => 'm.dupont')), $mask, 'a token without a role has no permission');
	is(gives($dispatcher), $value, 'a role that the token names and the pool has');
	is(gives($dispatcher, $see, 'dispatcher'), $value, '... and that is asked for');
	is(gives($issuer->token($ec, contact_guard_roles => ['postgres', 'no such role', 'planner', 'dispatcher'])), $value, 'the first that agrees');
	is(gives($issuer->token($ec, sub => 'm.dupont', contact_guard_roles => ['planner'])), $mask, 'a role that only the token names');
	like(gives($issuer->token($ec), $see, 'dispatcher'), qr/^28000: token refused \(It does not name this role/, 'a role that only the pool has');
	is(gives($issuer->token($ec, sub => 'm.dupont', contact_guard_roles => ['pool'])), $mask, "the pool's own role is no user's");
	like(gives($issuer->token($ec, contact_guard_roles => ['pool']), $see, 'pool'), qr/^28000: token refused \(This role is the pool's own/, '... also if it is asked for');
	$node->safe_psql('postgres', 'CREATE ROLE root SUPERUSER; GRANT root TO pool');
	is(gives($issuer->token($ec, sub => 'm.dupont', contact_guard_roles => ['root'])), $mask, "... nor is a superuser's");
	$node->safe_psql('postgres', 'DROP ROLE root');
	like(gives($issuer->token($ec, contact_guard_roles => ['planner']), $see, 'planner'), qr/^42501: must be a member of role "planner"/, 'one that it does not have');
}

# One actor in a transaction; a newer token of his takes the place of the older one
says($pool, 'BEGIN');
is(says($pool, $call, $issuer->token($ec)), '', 'a token');
is(says($pool, $call, $issuer->token($ec, jti => 'b')), '', '... and another one of the same actor');
like(says($pool, $call, $issuer->token($ec, sub => 'eve')), qr/^25001: the actor of this transaction is already "anna"/, 'another actor: not in this transaction');
says($pool, 'ROLLBACK; BEGIN');
says($pool, $call, $issuer->token($ec));
like(says($pool, q{SELECT contact_guard.act_as('anna')}), qr/^25001/, 'a name alone does not replace a token');
says($pool, 'ROLLBACK');

# A token that lapses in the middle of a transaction: its actor stays, and sees no more
sub file_is_read
{
	my ($text) = @_;
	my $offset = -s $node->logfile;
	put_file($text);
	$node->reload;
	$node->wait_for_log(qr/contact_guard verifies tokens by|contact_guard: (?:identity keys|the file of identity keys)/, $offset);
	return;
}
my $dispatcher = $issuer->token($ec, sub => 'm.dupont', contact_guard_roles => ['dispatcher']);
foreach my $case ([ 'anna', $issuer->token($ec) ], [ 'm.dupont', $dispatcher ])
{
	my ($who, $token) = @$case;
	says($pool, 'BEGIN');
	says($pool, $call, $token);
	says($pool, 'DEALLOCATE ALL') if says($pool, 'SELECT count(*) FROM pg_prepared_statements') > 0;
	says($pool, "PREPARE p AS $see; DECLARE c CURSOR FOR SELECT phone FROM crm.customer WHERE id < 3 ORDER BY id");
	is(says($pool, 'EXECUTE p'), $value, "$who: before");
	is(says($pool, 'FETCH c'), $value, '... in a cursor');
	file_is_read($issuer->set(grep { $_ ne $ec } @all));
	is(says($pool, 'SELECT contact_guard.current_actor()'), $who, 'the key is gone: the actor is the same');
	is(says($pool, $see), $mask, '... who sees masks');
	says($pool, 'SAVEPOINT s');
	like(says($pool, 'EXECUTE p'), qr/^(\Q$mask\E|55000.*)$/, '... by a prepared statement');
	says($pool, 'ROLLBACK TO s');
	like(says($pool, 'FETCH c'), qr/^55000/, '... and no more of the cursor');
	says($pool, 'ROLLBACK');
	like(gives($token), qr/^28000: token refused \(Its header names a key/, '... and the token is refused, also where it was verified before');
	is(log_rows($node, 'crm', "actor = '$who' AND reason = 'key of the token withdrawn'") > 0, 1, 'the records say why');
	file_is_read($issuer->set(@all));
}
{
	my $short = $issuer->token($ec, exp => time - 27);
	says($pool, 'BEGIN');
	is(says($pool, $call, $short), '', 'a token of three seconds');
	is(says($pool, 'SELECT pg_sleep(greatest(0, $1::float8 - extract(epoch FROM clock_timestamp())))', time + 4), '', '... which expires');
	is(says($pool, $see), $mask, '... shows nothing');
	is(says($pool, $call, $issuer->token($ec)), '', '... until there is a newer one');
	is(says($pool, $see), $value, '... in the same transaction');
	says($pool, 'ROLLBACK');
	is(log_rows($node, 'crm', "reason = 'token expired'"), 1, '... which is in the records');
}

# Interventions that the token is for
{
	my ($one, $two) = split /\n/, admin('SELECT id FROM crm.intervention ORDER BY customer_id LIMIT 2');
	my $both = 'SELECT phone FROM crm.customer WHERE id < 4 ORDER BY id';
	is(gives($issuer->token($ec, interventions => [ 0 + $one ]), $both), join("\n", $value, mask_of(2), mask_of(3)), 'one intervention');
	is(gives($issuer->token($ec, interventions => [ "$one", "$two" ]), $both), join("\n", $value, phone_of(2), mask_of(3)), '... two, as texts');
	is(gives($issuer->token($ec, interventions => []), $both), join("\n", map { mask_of($_) } 1 .. 3), '... none');
	is(gives($issuer->token($ec), $both), join("\n", map { phone_of($_) } 1 .. 3), '... all');
	is(gives($issuer->token($ec, interventions => [ 0 + $one ]), 'SELECT count(*) FROM contact_guard.open_interventions()'), 1, 'open_interventions()');
	is(gives($issuer->token($ec, interventions => [ 0 + $one ]), 'SELECT contact_guard.has_open_window(1::bigint), contact_guard.has_open_window(2::bigint)'), 't|f', 'has_open_window()');
}

# A savepoint keeps the token that was there
{
	my $one = 0 + admin('SELECT id FROM crm.intervention ORDER BY customer_id LIMIT 1');
	my $both = 'SELECT phone FROM crm.customer WHERE id < 3 ORDER BY id';
	my ($narrow, $wide) = map { $issuer->token($ec, jti => "a savepoint", @$_) } [ interventions => [$one] ], [];
	says($pool, 'BEGIN');
	is(says($pool, $call, $narrow) . says($pool, $both), join("\n", $value, mask_of(2)), 'a narrow token');
	says($pool, 'SAVEPOINT a');
	is(says($pool, $call, $wide) . says($pool, $both), join("\n", $value, phone_of(2)), '... and a wide one after a savepoint');
	says($pool, 'SAVEPOINT b');
	says($pool, $call, $narrow);
	says($pool, 'RELEASE b');
	is(says($pool, $both), join("\n", $value, mask_of(2)), '... and the narrow one again');
	says($pool, 'ROLLBACK TO a');
	is(says($pool, $both), join("\n", $value, mask_of(2)), 'ROLLBACK TO brings the first one back');
	says($pool, $call, $wide);
	says($pool, 'SAVEPOINT c; ROLLBACK TO c; SAVEPOINT d; RELEASE d');
	is(says($pool, $both), join("\n", $value, phone_of(2)), '... and takes none that was there before its savepoint');
	says($pool, 'ROLLBACK TO a');
	is(says($pool, $both), join("\n", $value, mask_of(2)), '... though it was released');
	says($pool, 'ROLLBACK; BEGIN; SAVEPOINT a');
	says($pool, $call, $wide);
	says($pool, 'ROLLBACK TO a');
	is(says($pool, 'SELECT contact_guard.current_actor()'), 'pool', 'and the first call goes with its savepoint');
	says($pool, 'ROLLBACK');
}

# The session form
{
	my $session = Wire->new($node, 'crm', 'pool');
	my $stay = 'SELECT contact_guard.act_as_token_session($1)';
	like(says($session, $stay, $issuer->token($ec)), qr/^42501: role "pool" is not allowed/, 'the session form: not without being allowed');
	admin(q(SELECT contact_guard.allow_act_as_session('pool')));
	is(says($session, $stay, $issuer->token($ec)), '', '... allowed');
	is(says($session, $see), $value, '... in autocommit mode');
	like(says($session, 'SELECT lower($2::text), contact_guard.act_as_token_session($1)', $issuer->token($ec), 'x'), qr/^0A000/, 'a statement of its own');
	like(says($session, 'DO $$BEGIN PERFORM contact_guard.act_as_token_session(NULL); END$$'), qr/^28000/, 'NULL');
	file_is_read($issuer->set(grep { $_ ne $ec } @all));
	is(says($session, $see), $mask, 'the key is gone');
	is(says($session, 'SELECT contact_guard.current_actor()'), 'pool', '... and so is the actor');
	file_is_read($issuer->set(@all));
	is(says($session, $see), $mask, '... for good');
	says($session, 'SELECT contact_guard.act_as_session($1)', 'anna');
	is(says($session, $see), $value, 'a name alone');
	$session->quit;
}

# The file
{
	my $problems = 'SELECT problems FROM contact_guard.status()';
	my $ed = $issuer->{jwks}{'python-EdDSA'};
	my $token = $issuer->token($ec);
	foreach my $case (
		[ '{"keys":', 'it is not a JSON object', 'half a file' ],
		[ $issuer->set({ kty => 'oct', k => 'AAAA', kid => 'a' }, $ec), 'it has a symmetric key', 'a symmetric key' ],
		[ $issuer->set({ %$ed, d => $ed->{x} }), 'it has a secret key', 'a secret key' ],
		[ $issuer->set($ed, { %$ed }), 'two keys have the same kid', 'a name twice' ],
		[ $issuer->set({ %$ed, kid => undef }), 'a key has no kid', 'no name' ],
		[ $issuer->set({ %$ed, x => 'AAAA' }), 'an Ed25519 key has no x of 32 bytes', 'a short key' ],
		[ $issuer->set({ %{ $issuer->{jwks}{$ec} }, y => $issuer->{jwks}{$ec}{x} }), 'a key is no point of its curve', 'no point of the curve' ],
		[ $issuer->set($issuer->key('small', 'RS256', size => 1024)), 'an RSA key is shorter than 2048 bits', 'a small key' ],
		[ ' ' x 33000, 'it is longer than 32 kB', 'a long file' ])
	{
		my ($text, $why, $name) = @$case;
		file_is_read($text);
		like(admin($problems), qr/are not a set of keys: $why/, "$name: status() says so");
		is(gives($token), $value, '... and the keys stay that were read before');
	}
	is(says(Wire->new($node, 'crm', 'pool'), 'SELECT 1'), 1, 'a session that begins now');
	{
		my $late = Wire->new($node, 'crm', 'pool');
		says($late, 'BEGIN');
		is(says($late, $call, $issuer->token($ec)), '', '... has the same keys');
		$late->quit;
	}
	foreach my $part (qw(p q dp dq qi oth))
	{
		file_is_read($issuer->set(@all));
		file_is_read($issuer->set({ %{ $issuer->{jwks}{'python-RS256'} }, $part => 'AQAB' }));
		like(admin($problems), qr/are not a set of keys: it has a secret key/, "a part of a secret key: $part");
	}
	file_is_read($issuer->set(@all));
	foreach my $y ('00' x 32, '01' . '00' x 31, '01' . '00' x 30 . '80', '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
		'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa', map { $_ . 'ff' x 30 . '7f' } qw(ec ed ee))
	{
		file_is_read($issuer->set({ %$ed, x => encode_base64url(pack('H*', $y)) }));
		like(admin($problems), qr/are not a set of keys: an Ed25519 key is a point of small order/, "a key of small order: $y");
		file_is_read($issuer->set(@all));
	}
	# The emergency: a set without keys is good, and accepts nobody
	says($pool, 'BEGIN');
	says($pool, $call, $token);
	foreach my $empty ('{"keys":[]}', encode_json({ keys => [ { kty => 'RSA', use => 'enc', n => 'AQAB', e => 'AQAB' } ] }))
	{
		my $offset = -s $node->logfile;
		put_file($empty);
		$node->reload;
		$node->wait_for_log(qr/contact_guard accepts no tokens/, $offset);
		is(says($pool, $see), $mask, 'a set without keys of ours ends the tokens that are in use');
		says($pool, 'ROLLBACK');
		is_refused($token, 'There are no keys', 'each token');
		unlike(admin($problems), qr/identity keys/, '... and the file is good');
		file_is_read($issuer->set(@all));
		says($pool, 'BEGIN');
		says($pool, $call, $token);
		is(says($pool, $see), $value, '... and so are the keys that it has again');
	}
	says($pool, 'ROLLBACK');
	chmod 0666, $file;
	$node->reload;
	$node->poll_query_until('crm', "SELECT problems::text ~ 'can be written by others' FROM contact_guard.status()");
	is(gives($token), $value, 'a file that others can write is not taken');
	file_is_read($issuer->set(@all));
	unlike(admin($problems), qr/identity keys/, 'a good file: no problem');
	$node->restart;
	$pool = Wire->new($node, 'crm', 'pool');
	is(gives($token), $value, 'after a restart');
}

# Settings
sub set_to
{
	my ($name, $set) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.$name = '$set'");
	$node->reload;
	$node->poll_query_until('postgres', "SELECT current_setting('contact_guard.$name') = '$set'");
	# A session reads settings between two statements
	for (1 .. 100) { last if says($pool, "SHOW contact_guard.$name") eq $set; select undef, undef, undef, 0.1 }
	return;
}
set_to('identity_issuer', 'https://login.example');
is_refused($issuer->token($ec), 'It is of another issuer', 'no iss');
is_refused($issuer->token($ec, iss => 'https://login.example.org'), 'It is of another issuer', 'another iss');
is(gives($issuer->token($ec, iss => 'https://login.example')), $value, 'iss');
set_to('identity_issuer', '');
# What has named an actor lapses with the settings by which it was judged
foreach my $setting (qw(identity_audience identity_issuer))
{
	my $before = admin("SHOW contact_guard.$setting");
	my ($stays, $opened) = map { Wire->new($node, 'crm', 'pool') } 1, 2;
	says($stays, 'SELECT contact_guard.act_as_token_session($1)', $issuer->token($ec));
	says($opened, 'BEGIN');
	says($opened, $call, $issuer->token($ec));
	is(says($_, $see), $value, "$setting: before") foreach $stays, $opened;
	set_to($setting, 'another');
	foreach my $other ($stays, $opened)
	{
		for (1 .. 100) { last if says($other, "SHOW contact_guard.$setting") eq 'another'; select undef, undef, undef, 0.1 }
		is(says($other, $see), $mask, '... and after it is another one');
	}
	is(log_rows($node, 'crm', "reason = 'audience or issuer of tokens changed'") > 0, 1, '... and the records say why');
	set_to($setting, $before);
	is(says($_, $see), $mask, '... for good') foreach $stays, $opened;
	$_->quit foreach $stays, $opened;
}
set_to('identity_audience', '');
is_refused($issuer->token($ec, aud => ''), 'contact_guard.identity_audience is not set', 'no audience is set');
set_to('identity_audience', 'crm');
set_to('identity', 'off');
is_refused($issuer->token($ec), 'Tokens are not used here', 'identity is off');

# Tokens alone
{
	set_to('identity', 'allowed');
	my $session = Wire->new($node, 'crm', 'pool');
	says($session, 'SELECT contact_guard.act_as_session($1)', 'anna');
	is(says($session, $see), $value, 'allowed: a name alone');
	my $open = Wire->new($node, 'crm', 'pool');
	says($open, "BEGIN; SELECT contact_guard.act_as('boss of old', role => 'dispatcher'); DECLARE c CURSOR FOR SELECT phone FROM crm.customer WHERE id < 3 ORDER BY id");
	is(says($open, $see), $value, '... in a transaction');
	is(says($open, 'FETCH c'), $value, '... by a cursor');
	set_to('identity', 'required');
	for (1 .. 100) { last if says($open, "SHOW contact_guard.identity") eq 'required'; select undef, undef, undef, 0.1 }
	is(says($open, $see), $mask, 'required: ... which goes on with masks');
	like(says($open, 'FETCH c'), qr/^55000/, '... and not with its cursor');
	says($open, 'ROLLBACK');
	$open->quit;
	is(log_rows($node, 'crm', "actor = 'boss of old' AND reason = 'named without a token'"), 1, '... and the records say why');
	for (1 .. 100) { last if says($session, "SHOW contact_guard.identity") eq 'required'; select undef, undef, undef, 0.1 }
	is(says($session, $see), $mask, 'required: ... ends');
	is(gives($issuer->token($ec)), $value, '... a token is accepted');
	like(says($pool, "BEGIN; SELECT contact_guard.act_as($_)"), qr/^28000: actors are named by tokens alone/, "... not act_as($_)") and says($pool, 'ROLLBACK')
		foreach q('boss'), q('boss', 'dispatcher'), q('boss', role => 'dispatcher'::regrole);
	like(says($pool, "SELECT contact_guard.act_as_session($_)"), qr/^28000: actors are named by tokens alone/, "... nor act_as_session($_)") foreach q('boss'), q('boss', 'dispatcher');
	# The injection of the report
	says($pool, 'BEGIN');
	says($pool, $call, $issuer->token($ec, sub => 'eve'));
	like(says($pool, q(SELECT name FROM crm.customer WHERE name = ''; COMMIT; BEGIN; SELECT contact_guard.act_as('boss', role => 'dispatcher'); SELECT phone FROM crm.customer)),
		qr/^28000: actors are named by tokens alone/, 'text that is injected behind a token cannot name the boss');
	says($pool, 'ROLLBACK');
	is(says($pool, "SET ROLE dispatcher; $see"), $mask, '... nor become a role');
	is(says($pool, 'SELECT contact_guard.current_actor()'), 'pool', '... under which it is still the pool');
	says($pool, 'RESET ROLE');
	admin('GRANT CREATE ON SCHEMA crm TO dispatcher; GRANT anna TO pool');
	like(says($pool, "SET ROLE dispatcher; CREATE MATERIALIZED VIEW crm.copied AS $see"), qr/^(|42501.*|0A000.*)$/, '... nor by what it makes as that role');
	unlike(says($pool, 'SELECT * FROM crm.copied'), qr/\Q$value\E/, '... which has no value');
	says($pool, 'RESET ROLE');
	is(says($pool, "SET ROLE anna; $see"), $mask, '... nor become a technician');
	says($pool, 'RESET ROLE');
	# A session keeps its role when what let it have the role is revoked.
	foreach my $case ([ 'dispatcher' => 'dispatcher FROM pool' ], [ 'anna' => 'anna FROM pool' ], [ 'dispatcher' => 'contact_guard_proxy FROM pool' ],
		[ 'dispatcher' => 'contact_guard_proxy, dispatcher FROM pool' ])
	{
		my ($role, $revoked) = @$case;
		foreach my $first ($see, 'SELECT 1', $call)
		{
			my $stays = Wire->new($node, 'crm', 'pool');
			says($stays, $first eq $call ? ($call, $issuer->token($ec)) : "SET ROLE $role; $first");
			says($stays, "SET ROLE $role") if $first eq $call;
			admin("REVOKE $revoked");
			# Whoever may still become the role, and names no actors, is that role in a new session.
			is(says($stays, $see), $mask, "REVOKE $revoked: a session that is $role sees masks, after $first") if $first ne 'SELECT 1' || $revoked =~ /\b$role /;
			admin('GRANT contact_guard_proxy, dispatcher, anna TO pool');
			is(says($stays, $see), $mask, '... and after GRANT');
			$stays->quit;
		}
	}
	is(log_rows($node, 'crm', "actor = 'boss'"), 0, 'no record names the boss');
	isnt(log_rows($node, 'crm', "event = 'refused' AND reason ~ 'named by tokens alone'"), 0, '... but that it was tried');
	is(admin("SET ROLE dispatcher; $see"), $value, 'a superuser who becomes a role is not a pool');
}
done_testing();
