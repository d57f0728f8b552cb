# Tokens that are revoked or used twice, tokens that were tampered with, and where tokens must
# not be found.

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
chmod 0755, $folder;
$issuer->key($_, $_) foreach qw(EdDSA ES256 RS256);
put_keys($file, $issuer->set(qw(EdDSA ES256 RS256)));

my $node = guard_node('revoked', 'autovacuum = off', 'contact_guard.identity = required', "contact_guard.identity_keys = '$file'",
	"contact_guard.identity_audience = 'crm'", 'log_statement = all', 'log_min_duration_statement = 0', 'log_parameter_max_length_on_error = -1',
	'log_duration = on', 'log_min_error_statement = warning');
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', 'CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy, dispatcher; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO pool; CREATE ROLE admin LOGIN IN ROLE contact_guard_admin');
my ($value, $mask) = (phone_of(1), mask_of(1));
my $pool = Wire->new($node, 'crm', 'pool');
my $other = Wire->new($node, 'crm', 'pool');
my $call = 'SELECT contact_guard.act_as_token($1)';
my $see = 'SELECT phone FROM crm.customer WHERE id = 1';

sub gives
{
	my ($wire, $token) = @_;
	says($wire, 'BEGIN');
	my $called = says($wire, $call, $token);
	my $seen = $called eq '' ? says($wire, $see) : $called;
	says($wire, 'ROLLBACK');
	return $seen;
}

# The keys are in the log
{
	my $thumbprint = qr/[\w-]{43}/;
	is(gives($pool, $issuer->token('ES256')), $value, 'a token');
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my $keys = q(SELECT reason FROM contact_guard.access_log WHERE event = 'key' AND reason ~ 'token' ORDER BY seq);
	$node->poll_query_until('crm', "SELECT count(*) = 1 FROM ($keys) k");
	like($node->safe_psql('crm', $keys), qr/^tokens are verified by EdDSA \($thumbprint\), ES256 \($thumbprint\), RS256 \($thumbprint\)$/, 'a record names the keys');
	put_keys($file, $issuer->set('ES256'));
	$node->reload;
	$node->poll_query_until('crm', "SELECT count(*) = 2 FROM ($keys) k");
	like($node->safe_psql('crm', $keys), qr/\ntokens are verified by ES256 \($thumbprint\)$/, '... and each change of them, though nobody reads');
	put_keys($file, $issuer->set(qw(EdDSA ES256 RS256)));
	$node->reload;
	$node->poll_query_until('crm', "SELECT count(*) = 3 FROM ($keys) k");
}

# Revocation
{
	my $held = Wire->new($node, 'crm', 'pool');
	my $token = $issuer->token('ES256');
	$node->safe_psql('crm', q(SELECT contact_guard.allow_act_as_session('pool')));
	says($held, 'SELECT contact_guard.act_as_token_session($1)', $token);
	is(says($held, $see), $value, 'a session with a token');
	says($pool, 'BEGIN ISOLATION LEVEL REPEATABLE READ');
	says($pool, $call, $token);
	is(says($pool, $see), $value, '... and a transaction');
	like((as($node, 'crm', 'dispatcher', q(SELECT contact_guard.revoke_identity('anna', 'her telephone was stolen'))))[1], qr/42501/, 'an admin alone revokes');
	like((as($node, 'crm', 'admin', q(SELECT contact_guard.revoke_identity('anna', ''))))[1], qr/22023/, '... and says why');
	is((as($node, 'crm', 'admin', q(SELECT contact_guard.revoke_identity('anna', 'her telephone was stolen'))))[1], '', 'revoked');
	is(says($pool, $see), $mask, '... the transaction sees masks');
	is(says($pool, 'SELECT contact_guard.current_actor()'), 'anna', '... under her name');
	says($pool, 'ROLLBACK');
	is(says($held, $see), $mask, '... and the session');
	is(says($held, 'SELECT contact_guard.current_actor()'), 'pool', '... under that of the pool');
	like(gives($pool, $token), qr/^28000: token refused \(It was revoked/, '... the token is refused');
	like(gives($pool, $issuer->token('ES256', iat => undef)), qr/^28000: token refused \(It was revoked/, '... and one that does not say when it was issued');
	like(gives($pool, $issuer->token('ES256', sub => 'm.dupont', contact_guard_roles => ['dispatcher'])), qr/^\Q$value\E$/, 'others are not');
	is(gives($pool, $issuer->token('ES256', iat => time + 10)), $value, 'a token that was issued later is accepted');
	is(log_rows($node, 'crm', "actor = 'anna' AND reason = 'token revoked'"), 1, 'the masks are on record');
	is(log_rows($node, 'crm', "event = 'policy' AND reason ~ '^tokens of anna that were issued before .* are revoked: her telephone was stolen'"), 1, '... and the revocation');
	like((as($node, 'crm', 'admin', q(DELETE FROM contact_guard.revoked_identity)))[1], qr/42501/, 'nobody else writes the table');
	as($node, 'crm', 'admin', q(SELECT contact_guard.revoke_identity('anna', 'was found', before => '-infinity')));
	is(gives($pool, $token), $value, 'taken back');
	$held->quit;
}

# Replay
{
	is(gives($pool, $issuer->token('ES256')), $value, 'allow: no number is needed');
	$node->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.identity_replay = 'refuse'");
	$node->reload;
	foreach my $wire ($pool, $other)
	{
		for (1 .. 100) { last if says($wire, 'SHOW contact_guard.identity_replay') eq 'refuse'; select undef, undef, undef, 0.1 }
	}
	like(gives($pool, $issuer->token('ES256')), qr/^28000: token refused \(It has no number/, 'refuse: a token without a number');
	my $token = $issuer->token('ES256', jti => 'one');
	is(gives($pool, $token), $value, 'a token with one');
	is(gives($pool, $token), $value, '... again in the same session');
	like(gives($other, $token), qr/^28000: token refused \(Another session uses it/, '... not in another one');
	like(gives($other, $issuer->token('RS256', jti => 'one', x => 1)), qr/^28000: token refused \(Another session uses it/, '... nor another token with this number');
	is(gives($other, $issuer->token('ES256', jti => 'one', iss => 'else')), $value, '... but that of another issuer');
	$pool->quit;
	$pool = Wire->new($node, 'crm', 'pool');
	my $seen;
	for (1 .. 100) { last if ($seen = gives($other, $token)) eq $value; select undef, undef, undef, 0.1 }
	is($seen, $value, 'when the session has ended, in the next one');
	$node->safe_psql('postgres', "ALTER SYSTEM RESET contact_guard.identity_replay");
	$node->reload;
	for (1 .. 100) { last if says($pool, 'SHOW contact_guard.identity_replay') eq 'allow'; select undef, undef, undef, 0.1 }
}

# Tokens that were tampered with: each byte changed, each length, the headers of others
{
	my %good = map { $_ => $issuer->token($_, sub => 'm.dupont', contact_guard_roles => ['dispatcher']) } qw(EdDSA ES256 RS256);
	my $offset = -s $node->logfile;
	my %bad;
	my @digits = ('A' .. 'Z', 'a' .. 'z', 0 .. 9, '-', '_');
	foreach my $kind (sort keys %good)
	{
		my $token = $good{$kind};
		my @parts = split /\./, $token;
		foreach my $place (0 .. length($token) - 1)
		{
			my $byte = substr $token, $place, 1;
			foreach my $new ($digits[ ($place * 7) % 64 ], $digits[ ($place * 13 + 1) % 64 ], $digits[ ($place + 32) % 64 ], '.', '=', '+', '', "$byte$byte", uc $byte, lc $byte, chr(ord($byte) ^ 1))
			{
				my $changed = $token;
				substr($changed, $place, 1) = $new;
				$bad{$changed} = 1 if $changed ne $token && $changed =~ /^[\x20-\x7e]*$/;
			}
			$bad{ substr $token, 0, $place } = 1;
			$bad{ substr $token, $place + 1 } = 1;
		}
		foreach my $other (grep { $_ ne $kind } sort keys %good)
		{
			my @of_other = split /\./, $good{$other};
			$bad{ join '.', $of_other[0], @parts[ 1, 2 ] } = 1;
			$bad{ join '.', @parts[ 0, 1 ], $of_other[2] } = 1;
			foreach my $alg (qw(none None HS256 HS512 RS512 PS256 ES384 EdDSA ES256 RS256), '')
			{
				$bad{ join '.', encode_base64url(encode_json({ alg => $alg, kid => $other })), @parts[ 1, 2 ] } = 1;
				$bad{ join '.', encode_base64url(encode_json({ alg => $alg, kid => $kind, jwk => $issuer->{jwks}{$other} })), $parts[1], '' } = 1;
			}
		}
	}
	delete @bad{ values %good };
	$node->safe_psql('crm', 'CREATE TABLE crm.token (token text, good bool); GRANT SELECT ON crm.token TO pool');
	my @rows = ((map { "$_\tf\n" } sort keys %bad), map { "$_\tt\n" } values %good);
	$node->psql('crm', 'COPY crm.token FROM STDIN', stdin => '') if 0;
	open my $out, '>', "$folder/tokens" or die;
	print $out @rows;
	close $out;
	$node->safe_psql('crm', "COPY crm.token FROM '$folder/tokens'");
	unlink "$folder/tokens";
	my $count = keys %bad;
	cmp_ok($count, '>=', 10_000, "$count tokens that were tampered with");
	like(says($pool, q(DO $$DECLARE t record; accepted int := 0; refused int := 0; others int := 0; good int := 0; BEGIN
		FOR t IN SELECT * FROM crm.token LOOP
			BEGIN
				PERFORM contact_guard.act_as_token(t.token);
				IF t.good THEN good := good + 1; ELSE accepted := accepted + 1; END IF;
				RAISE EXCEPTION 'undo' USING ERRCODE = 'P0099';
			EXCEPTION WHEN SQLSTATE '28000' THEN refused := refused + 1;
				WHEN SQLSTATE 'P0099' THEN NULL;
				WHEN OTHERS THEN others := others + 1; END;
		END LOOP;
		RAISE WARNING 'accepted %, refused %, others %, good %', accepted, refused, others, good; END$$)),
		qr/accepted 0, refused $count, others 0, good 3/, '... of which none is accepted');
	is(says($pool, 'SELECT 1'), 1, '... in a session that goes on');
	$node->safe_psql('crm', 'DROP TABLE crm.token');
}

# Where a token must not be: the server log, whatever is logged; pg_stat_activity; query_text
{
	my $offset = -s $node->logfile;
	my $token = $issuer->token('EdDSA');
	my $late = $issuer->token('EdDSA', exp => time - 100);
	is(gives($pool, $token), $value, 'all statements and parameters are logged');
	like(gives($pool, $late), qr/^28000/, '... also with an error');
	like(says($pool, "SELECT 1, contact_guard.act_as_token('$token')"), qr/^28000: token refused \(It is in the text/, '... in the text of a statement');
	says($pool, "SELECT '$token'::int");
	says($pool, 'SELECT $1::text::int', $token);
	says($pool, "DO \$\$BEGIN RAISE LOG 'x % y', '$token'; PERFORM contact_guard.act_as_token('$token'); END\$\$");
	says($pool, "PREPARE t AS $call");
	says($pool, "EXECUTE t('$token')");
	says($pool, "SELECT pg_advisory_lock(1), '$token'");
	says($pool, $call, "$token x");
	# In the hint of a message; and cut off, also within the signature
	says($pool, "DO \$\$BEGIN RAISE LOG 'x' USING HINT = '$token'; END\$\$");
	$node->safe_psql('crm', 'GRANT SET ON PARAMETER log_parameter_max_length TO pool');
	foreach my $length (map { length($token) - $_ } 1, 6, 30, 70, 85, 86, 87, 100)
	{
		says($pool, "SET log_parameter_max_length = $length");
		says($pool, 'SELECT $1::text IS NULL', $token);
	}
	says($pool, 'RESET log_parameter_max_length');
	my $log = slurp_file($node->logfile, $offset);
	my ($header) = split /\./, $token;
	cmp_ok(() = $log =~ /\Q$header\E\.\*{100}/g, '>', 4, 'the log has places where tokens were');
	foreach my $part (map { (split /\./)[ 1, 2 ] } $token, $late)
	{
		is(index($log, substr $part, 0, 40), -1, '... and no part of a token');
	}
	is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.query_text WHERE query ~ 'eyJ'"), 0, 'no text of a statement has one');
	is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE query ~ 'eyJ' AND pid <> pg_backend_pid()"), 0, 'nor pg_stat_activity') if gives($pool, $token);
	is(log_rows($node, 'crm', "reason ~ 'eyJ' OR actor ~ 'eyJ'"), 0, 'nor a record');
}
# Autovacuum runs code that a pool has left there as a role that it had become: for nobody
{
	$node->safe_psql('crm', 'GRANT CREATE ON SCHEMA crm TO dispatcher');
	(undef, my $err) = as($node, 'crm', 'pool', q(SET ROLE dispatcher; CREATE TABLE crm.told (value text);
		CREATE FUNCTION crm.tell(text) RETURNS text LANGUAGE sql BEGIN ATOMIC INSERT INTO crm.told VALUES ($1) RETURNING value; END;
		CREATE FUNCTION crm.planted(int) RETURNS text IMMUTABLE LANGUAGE sql RETURN NULL;
		CREATE TABLE crm.bait (i int) WITH (autovacuum_analyze_threshold = 0, autovacuum_analyze_scale_factor = 0);
		CREATE INDEX ON crm.bait (crm.planted(i)); INSERT INTO crm.bait VALUES (1);
		CREATE OR REPLACE FUNCTION crm.planted(int) RETURNS text IMMUTABLE LANGUAGE plpgsql AS
			'BEGIN RETURN crm.tell((SELECT phone FROM crm.customer WHERE id = 1)); END'));
	is($err, '', 'code is planted');
	$node->append_conf('postgresql.conf', "autovacuum = on\nautovacuum_naptime = 1");
	$node->reload;
	ok($node->poll_query_until('crm', "SELECT autoanalyze_count > 0 FROM pg_stat_user_tables WHERE relid = 'crm.bait'::regclass"), '... and autovacuum runs it');
	is($node->safe_psql('crm', 'SELECT value FROM crm.told'), $mask, '... which sees a mask');
}

done_testing();
