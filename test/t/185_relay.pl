# contact() and resolve(): a technician is put through to a customer, and never has the number.
# What is asked of a gateway, of a technician who wants to be one, of repeated and concurrent
# calls, of a crash, and of those who may change the CRM but not the policy.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('relay', 'autovacuum = off', 'log_statement = all', 'max_wal_senders = 2');
make_roles($node);
make_crm($node, 'crm', 50);
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE ROLE gateway LOGIN IN ROLE contact_guard_gateway;
	CREATE ROLE gateway2 LOGIN IN ROLE contact_guard_gateway;
	CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy;
	GRANT USAGE ON SCHEMA crm TO gateway, gateway2;
	GRANT ALL ON crm.customer TO gateway;
	ALTER TABLE crm.customer ADD email text;
	UPDATE crm.customer SET email = 'c' || id || '@example.com';
	SELECT contact_guard.unprotect('crm.customer');
	SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{email}', mask => 'email')));

sub gateway { return scalar as($node, 'crm', 'gateway', shift) }

# The token that a technician gets for a customer
sub token_of
{
	my ($customer, $rest, $user) = @_;
	return scalar as($node, 'crm', $user // 'anna', "SELECT token FROM contact_guard.contact($customer@{[ $rest // '' ]})");
}
sub resolve
{
	my ($token, $caller, $call, $channel) = @_;
	return gateway("SELECT code, reason, dial, closes FROM contact_guard.resolve('$token', '$caller', '$call'" . ($channel ? ", '$channel')" : ')')) =~ s/\|\d{10}$/|END/r;
}
sub records
{
	my ($condition) = @_;
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	return $node->safe_psql('crm', "SELECT concat_ws(' ', event, actor, login, columns, customer, intervention, purpose, reason)
		FROM contact_guard.access_log WHERE event LIKE 'contact%' AND $condition ORDER BY seq");
}

# The policy
my (undef, $err) = as($node, 'crm', 'anna', 'SELECT * FROM contact_guard.contact(3::bigint)');
is(state_of($err), '42703', 'no column is reached by relay yet');
foreach my $mask ('partial(2,1)', 'pseudonym', 'phone', 'email')
{
	(undef, $err) = as($node, 'crm', 'postgres', "SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}', mask => '$mask', reveal => 'relay')");
	is(state_of($err), '22023', "mask $mask tells something, and is refused");
}
(undef, $err) = as($node, 'crm', 'postgres', q(SECURITY LABEL FOR contact_guard ON COLUMN crm.customer.phone IS '{"protect": {"mask": "partial(2,1)", "reveal": "relay"}}'));
is(state_of($err), '22023', '... as a label, too');
(undef, $err) = as($node, 'crm', 'postgres', q(SECURITY LABEL FOR contact_guard ON COLUMN crm.customer.phone IS '{"protect": {"mask": "null", "reveal": "all"}}'));
is(state_of($err), '22023', '... and another word');
$node->safe_psql('crm', q(SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}', mask => 'constant(by relay)', reveal => 'relay')));
(undef, $err) = as($node, 'crm', 'postgres', q(SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}', mask => 'constant(by relay)')));
like($err, qr/stays with reveal relay/, 'to protect it again does not show it');
is($node->safe_psql('crm', "SELECT reveal FROM contact_guard.policies WHERE column_name IN ('phone', 'email') ORDER BY column_name"), "value\nrelay", 'policies shows it');

# What an open window shows, and a standing permission
is(scalar as($node, 'crm', 'anna', 'SELECT id, phone, email FROM crm.customer WHERE id = 3'), '3|by relay|c3@example.com', 'a window shows the mask of this column');
is(scalar as($node, 'crm', 'anna', "SELECT count(*) FROM crm.customer WHERE id = 3 AND phone = '" . phone_of(3) . "'"), '0', '... in a condition, too');
is(scalar as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 3'), phone_of(3), 'a standing permission shows the number');
(undef, $err) = as($node, 'crm', 'postgres', "GRANT UPDATE (phone) ON crm.customer TO anna");
(undef, $err) = as($node, 'crm', 'anna', "UPDATE crm.customer SET phone = '0611111111' WHERE id = 3");
is(state_of($err), '42501', 'a window lets nobody write it');
like($err, qr/HINT: .*reached by relay/, '... and is told why');
is(log_rows($node, 'crm', "actor = 'anna' AND event = 'withheld' AND reason = 'reached by relay only' AND columns = '{phone}' AND intervention = '3'"), 3, 'records say why');

is($node->safe_psql('crm', "SELECT contact_guard.sync(); SELECT (SELECT count(*) FROM contact_guard.withheld_attempts() WHERE actor = 'anna'),
	(SELECT count(*) FROM contact_guard.reads_after_close() WHERE actor = 'anna')"), "\n0|0", '... and that nobody has tried anything, nor come late');

# Who writes a number says whom the gateway calls
$node->safe_psql('crm', 'GRANT INSERT ON crm.customer TO anna');
foreach my $statement ("INSERT INTO crm.customer (id, phone) VALUES (3000, '+33899000000')",
	"INSERT INTO crm.customer (id, phone) SELECT 3000, '+33899000000'",
	"INSERT INTO crm.customer (id, phone) VALUES (3, 'x') ON CONFLICT (id) DO UPDATE SET phone = '+33899000000'",
	"MERGE INTO crm.customer c USING (VALUES (3000)) v (id) ON c.id = v.id WHEN NOT MATCHED THEN INSERT (id, phone) VALUES (v.id, '+33899000000')",
	"BEGIN; INSERT INTO crm.customer (id) VALUES (3000); UPDATE crm.customer SET phone = '+33899000000' WHERE id = 3000",
	"COPY crm.customer (id, phone) FROM STDIN;\n3000\t+33899000000\n\\.\n")
{
	(undef, $err) = as($node, 'crm', 'anna', $statement);
	is(state_of($err), '42501', 'nobody chooses who the customer is: ' . substr($statement, 0, 60));
}
(undef, $err) = as($node, 'crm', 'anna', "BEGIN; INSERT INTO crm.customer (id, phone) VALUES (3000, ''), (3001, NULL); COPY crm.customer (id) FROM STDIN;\n3002\n\\.\nROLLBACK");
is($err, '', '... but without a number a row is inserted');
$node->safe_psql('crm', 'GRANT UPDATE (name) ON crm.customer TO anna');
(undef, $err) = as($node, 'crm', 'anna', "INSERT INTO crm.customer (id, phone) VALUES (3, '') ON CONFLICT (id) DO UPDATE SET name = 'a';
	MERGE INTO crm.customer c USING (VALUES (3), (3000)) v (id) ON c.id = v.id WHEN MATCHED THEN UPDATE SET name = 'a' WHEN NOT MATCHED THEN INSERT (id) VALUES (v.id)");
is($err, '', '... and the number of a row that is updated was there before');
foreach my $default ([ "'+33899000000'", '42501' ], [ "concat('+33', '899000000')", '42501' ], [ "lpad('', 3, 'x')", '' ], [ "''", '' ], [ 'NULL', '' ])
{
	my ($value, $state) = @$default;
	$node->safe_psql('crm', "ALTER TABLE crm.customer ALTER phone SET DEFAULT $value");
	foreach my $statement ('INSERT INTO crm.customer (id) VALUES (3005)', "COPY crm.customer (id) FROM STDIN;\n3005\n\\.\n")
	{
		(undef, $err) = as($node, 'crm', 'anna', "BEGIN; $statement;\nROLLBACK");
		is(state_of($err), $state, "a default $value: " . substr($statement, 0, 6));
	}
}
$node->safe_psql('crm', 'ALTER TABLE crm.customer ALTER phone DROP DEFAULT');
$node->safe_psql('crm', "REVOKE INSERT ON crm.customer FROM anna; REVOKE UPDATE (name) ON crm.customer FROM anna; DELETE FROM crm.customer WHERE id = 3000");

# A call
my $token = token_of(3);
like($token, qr/^[0-9a-f]{32}$/, 'a token');
is(records("customer = '3'"), 'contact_offered anna anna {phone,voice,out} 3 3 relay', '... with a record');
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.contact_token WHERE token = sha256('$token')"), 1, 'its hash is stored');
unlike($node->safe_psql('crm', 'TABLE contact_guard.contact_token'), qr/$token/, '... and not the token');
is(resolve($token, 'anna', 'call-1'), '200|OK|' . phone_of(3) . '|END', 'the gateway gets the number');
is(records("event = 'contact' AND identity = 'contact' AND closes_at > now()"), 'contact anna gateway {phone,voice,out} 3 3 relay', '... with a record');
is(resolve($token, 'anna', 'call-1'), '200|OK|' . phone_of(3) . '|END', 'the same call again has the same answer');
is(gateway("SELECT (contact_guard.resolve('$token', 'anna', 'call-1')).*, (contact_guard.resolve('$token', 'anna', 'call-1')).code") =~ s/\|\d{10}\|200$/|END|200/r,
	'200|OK|' . phone_of(3) . '||END|200', '... several times in a statement');
is(log_rows($node, 'crm', "event = 'contact'"), 1, '... and one record');
is($node->safe_psql('crm', q(SELECT count(*) FROM contact_guard.access_log WHERE concat(client, application, reason, columns, query) ~ 'call-1')), 0, 'no record has the id of the call');

# Refusals
my $none = '404|Not Found||';
is(resolve('0' x 32, 'anna', 'r1'), $none, 'an unknown token');
is(resolve($token, 'eve', 'r2'), $none, "another's token");
is(resolve($token, 'anna', 'r3', 'text'), $none, 'another channel');
is(resolve('', '', ''), $none, 'nothing');
is(gateway('SELECT code, reason, dial, closes FROM contact_guard.resolve(NULL, NULL, NULL, NULL)'), $none, 'NULL');
is(resolve($token, 'anna', 'r2'), $none, 'a call that was asked for with other words');
is(gateway("SELECT code, reason, dial, closes FROM contact_guard.resolve(repeat('x', 9000), repeat('é', 9000), repeat('y', 9000), repeat('z', 9000))"), $none, 'long words');
is(resolve($token, 'gateway', 'r4'), $none, 'the caller is who the token says');
is(records("event = 'contact_refused' AND customer = '3'"), "contact_refused eve gateway {phone,voice,out} 3 3 relay token of another actor\n"
	. "contact_refused anna gateway {phone,text,out} 3 3 relay token of another channel\n"
	. "contact_refused anna gateway {phone,voice,out} 3 3 relay call asked for before\n"
	. 'contact_refused gateway gateway {phone,voice,out} 3 3 relay token of another actor', 'each has a record');
is(log_rows($node, 'crm', "event = 'contact_refused'"), 8, '... also those that name nobody') ;
is(resolve('0' x 32, 'anna', 'r1'), $none, 'a refusal again');
is(log_rows($node, 'crm', "event = 'contact_refused'"), 8, '... has one record');

is($node->safe_psql('crm', q(SELECT string_agg(DISTINCT concat_ws(' ', actor, identity, closes_at IS NOT NULL), ', ') FROM contact_guard.access_log WHERE event = 'contact_refused' AND customer = '3')),
	'anna contact f, eve asserted f, gateway asserted f', '... and says how the name is known');

# Who may ask
(undef, $err) = as($node, 'crm', 'anna', "SELECT contact_guard.resolve('$token', 'anna', 'x')");
is(state_of($err), '42501', 'a technician may not');
(undef, $err) = as($node, 'crm', 'dispatcher', 'SELECT contact_guard.calls_to_end()');
is(state_of($err), '42501', 'nor whoever has a standing permission');
$node->safe_psql('crm', q(
	CREATE FUNCTION public.lend(token text) RETURNS text LANGUAGE sql SECURITY DEFINER AS $$SELECT dial FROM contact_guard.resolve(token, 'anna', 'lent')$$;
	ALTER FUNCTION public.lend OWNER TO gateway));
(undef, $err) = as($node, 'crm', 'anna', "SELECT public.lend('$token')");
is(state_of($err), '42501', '... by a function of the gateway');
$node->safe_psql('crm', 'GRANT contact_guard_gateway TO anna');
is(scalar as($node, 'crm', 'anna', "SELECT code, reason, dial, closes FROM contact_guard.resolve('$token', 'anna', 'own')"), $none, 'a technician who is a gateway gets no number of his own');
$node->safe_psql('crm', 'REVOKE contact_guard_gateway FROM anna');
is(gateway('SELECT phone FROM crm.customer WHERE id = 3'), 'by relay', 'the gateway reads nothing itself');
(undef, $err) = as($node, 'crm', 'gateway', 'TABLE contact_guard.contact_token');
is(state_of($err), '42501', '... and no token');
(undef, $err) = as($node, 'crm', 'gateway', "BEGIN READ ONLY; SELECT contact_guard.resolve('$token', 'anna', 'ro')");
is(state_of($err), '25006', 'without a record there is no number');
(undef, $err) = as($node, 'crm', 'postgres', 'DELETE FROM contact_guard.contact_call');
is(state_of($err), '42501', 'nobody writes the tables');
$node->safe_psql('crm', q(REVOKE ALL ON crm.customer FROM gateway; ALTER TABLE crm.customer ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
	CREATE OPERATOR public.= (LEFTARG = bigint, RIGHTARG = bigint, FUNCTION = int8ne); ALTER ROLE gateway SET search_path = public, pg_catalog, crm));
is(resolve($token, 'anna', 'p1'), '200|OK|' . phone_of(3) . '|END', 'no privilege, row security, operator or search_path matters');
$node->safe_psql('crm', q(DROP OPERATOR public.= (bigint, bigint); ALTER TABLE crm.customer DISABLE ROW LEVEL SECURITY, NO FORCE ROW LEVEL SECURITY));

# contact() itself
(undef, $err) = as($node, 'crm', 'eve', 'SELECT contact_guard.contact(3)');
is(state_of($err), '42501', 'no token without a window');
(undef, $err) = as($node, 'crm', 'dispatcher', 'SELECT contact_guard.contact(3)');
is(state_of($err), '42501', '... nor with a standing permission alone');
(undef, $err) = as($node, 'crm', 'pool', 'SELECT contact_guard.contact(3)');
is(state_of($err), '42501', '... nor for a pool that has named nobody');
my $pooled = (split /\n/, as($node, 'crm', 'pool', "BEGIN; SELECT contact_guard.act_as('anna'); SELECT token FROM contact_guard.contact(4); COMMIT"))[-1];
is(resolve($pooled, 'anna', 'pool-1'), '200|OK|' . phone_of(4) . '|END', 'a pool asks for the actor that it has named');
(undef, $err) = as($node, 'crm', 'anna', "SELECT contact_guard.contact(3, 'fax')");
is(state_of($err), '22023', 'a channel that there is not');
(undef, $err) = as($node, 'crm', 'anna', q(SELECT contact_guard.contact(3, relation => 'crm.customer', "column" => 'email')));
is(state_of($err), '42703', 'a column that windows show');
is(resolve(token_of(3, ", 'text'"), 'anna', 'text-1', 'text'), '200|OK|' . phone_of(3) . '|END', 'a text');

# What is stored for people to read; what is none
foreach my $case ([ '+33 (0)6 39.98-47 11', '+33639984711' ], [ '06 39 98 47 11', '0639984711' ], [ '0471/12 34 56', '0471123456' ],
	[ '+49 (0)6221/12345', '+49622112345' ], [ '555-1234/555-1235', undef ], [ '0639984711/12', undef ], [ '06/39/98/47/11', undef ],
	[ '112', undef ], [ '+112', undef ], [ '0000112', undef ], [ '112 (0) 000', undef ],
	[ '', undef ], [ '0639984711@evil.example', undef ], [ '06399;rm', undef ], [ '1' x 16, undef ], [ "0639984711\n", undef ])
{
	my ($stored, $dialled) = @$case;
	$node->safe_psql('crm', "UPDATE crm.customer SET phone = '$stored' WHERE id = 5");
	is(resolve(token_of(5), 'anna', "n-$stored"), defined $dialled ? "200|OK|$dialled|END" : $none, 'number: ' . $stored =~ s/\n/\\n/r);
}
$node->safe_psql('crm', 'UPDATE crm.customer SET phone = NULL WHERE id = 5');
is(resolve(token_of(5), 'anna', 'n-null'), $none, 'no number');

# Partitions with other columns, without an index, two rows of a customer
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE TABLE crm.site (customer_id bigint, phone text) PARTITION BY RANGE (customer_id);
	CREATE TABLE crm.site_1 PARTITION OF crm.site FOR VALUES FROM (1) TO (10);
	CREATE TABLE crm.site_2 (gone int, phone text, customer_id bigint);
	ALTER TABLE crm.site_2 DROP gone;
	ALTER TABLE crm.site ATTACH PARTITION crm.site_2 FOR VALUES FROM (10) TO (100);
	SELECT contact_guard.protect('crm.site', customer => 'customer_id', columns => '{phone}', mask => 'null', reveal => 'relay');
	INSERT INTO crm.site SELECT i, '07' || lpad(i::text, 8, '0') FROM generate_series(1, 20) i;
	INSERT INTO crm.site VALUES (2, '0700000002'), (6, '0799999999'), (7, NULL)));
(undef, $err) = as($node, 'crm', 'anna', 'SELECT contact_guard.contact(3)');
is(state_of($err), '42702', 'two relations with such columns: which?');
my $site = ", relation => 'crm.site'";
is(resolve(token_of(12, $site), 'anna', 's1'), '200|OK|0700000012|END', 'a partition with other columns');
is(resolve(token_of(2, $site), 'anna', 's2'), '200|OK|0700000002|END', 'the same number in two rows');
is(resolve(token_of(7, $site), 'anna', 's3'), '200|OK|0700000007|END', 'a row without');
is(resolve(token_of(6, $site), 'anna', 's4'), $none, 'two numbers: none is chosen');
$node->safe_psql('crm', q(CREATE TABLE crm.line (customer_id bigint, phone text, shown text GENERATED ALWAYS AS (replace(phone, ' ', '')) STORED);
	SELECT contact_guard.protect('crm.line', customer => 'customer_id', columns => '{phone}', mask => 'null', reveal => 'relay');
	INSERT INTO crm.line VALUES (3, '07 55 55 55 55')));
is(resolve(token_of(3, ", relation => 'crm.line'"), 'anna', 's5'), '200|OK|0755555555|END', 'what is generated from the number is no second one');
$node->safe_psql('crm', q(SELECT contact_guard.unprotect('crm.line'); DROP TABLE crm.line));
is(scalar as($node, 'crm', 'postgres', "ALTER TABLE crm.site DETACH PARTITION crm.site_2; SELECT label FROM pg_seclabel WHERE objoid = 'crm.site_2'::regclass AND label ~ 'relay'"),
	'{"protect": {"mask": "null", "reveal": "relay"}}', 'what leaves its parent stays so');
$site = ", relation => 'crm.customer'";

# The visit decides, and not the token, nor another visit
$token = token_of(8, $site);
my $answered = resolve($token, 'anna', 'v1');
is(gateway("SELECT contact_guard.call_answered('v1', '17:23')"), 1, 'answered');
is(gateway("SELECT contact_guard.call_answered('v1', '17:24')"), 0, '... once');
is(gateway("SELECT contact_guard.call_answered('no such call', '1')"), 0, 'another was not asked for');
is(gateway('SELECT * FROM contact_guard.calls_to_end()'), '', 'it goes on');
is(resolve($token, 'anna', 'v1'), $none, 'a call that goes on is not asked for again');
like(resolve($token, 'anna', 'ringing'), qr/^200/, 'another call');
$node->safe_psql('crm', "INSERT INTO crm.intervention (customer_id, technician, starts_at, ends_at, status) VALUES (8, 'anna', now() - interval '1 h', now() + interval '1 h', 'on_site');
	UPDATE crm.intervention SET status = 'done' WHERE id = 8");
is(resolve($token, 'anna', 'v2'), '403|Window Closed||', 'closed, although another visit there is open');
is(resolve($token, 'anna', 'ringing'), '403|Window Closed||', '... also by the id of a call that rings');
is(resolve($token, 'eve', 'ringing'), $none, '... by another caller, too');
is(gateway("SELECT contact_guard.call_answered('ringing', 'rings')"), 1, '... which is answered nevertheless');
is(gateway("SELECT count(*) FROM contact_guard.calls_to_end() WHERE handle = 'rings'"), 1, '... and is to end');
is(gateway("SELECT contact_guard.call_ended('ringing')"), 1, '... as it does');
is(resolve($token, 'eve', 'v3'), $none, '... which only its owner is told');
like(gateway('SELECT * FROM contact_guard.calls_to_end()'), qr/^call:[0-9a-f]{64}\|17:23$/, 'the call is to end');
is(scalar as($node, 'crm', 'gateway2', 'SELECT * FROM contact_guard.calls_to_end()'), '', '... by its own gateway');
my $reference = gateway('SELECT call_id FROM contact_guard.calls_to_end()');
is(scalar as($node, 'crm', 'gateway2', "SELECT contact_guard.call_ended('$reference')"), 0, '... which alone can end it');
is(scalar as($node, 'crm', 'gateway2', "SELECT code FROM contact_guard.resolve('$token', 'anna', 'v1')"), 403, 'another gateway has its own ids');
(undef, $err) = as($node, 'crm', 'gateway', "SELECT contact_guard.call_ended('$reference', 'anything')");
is(state_of($err), '22023', 'an outcome that there is not');
is(gateway("SELECT contact_guard.call_ended('$reference', 'end not seen', 7)"), 1, 'ended, by the reference');
is(gateway("SELECT contact_guard.call_ended('v1')"), 0, '... once');
is(records("event = 'contact_end' AND reason = 'end not seen'"), 'contact_end anna gateway {phone,voice,out} 8 8 relay end not seen', '... with a record');
is(log_rows($node, 'crm', "event = 'contact_end' AND count = 7 AND statement = (SELECT statement FROM contact_guard.access_log WHERE event = 'contact' AND customer = '8' ORDER BY seq LIMIT 1)"), 1,
	'... that has the seconds, and the number of its call');
is(resolve($token, 'anna', 'v1'), $none, 'a call that has ended is not asked for again');

# One id for several contacts
$token = token_of(19, $site . ", channel => 'text'");
like(resolve($token, 'anna', 'texts', 'text'), qr/^200/, 'a text') foreach 1 .. 3;
is(log_rows($node, 'crm', "event = 'contact' AND customer = '19'"), 3, '... has a record each, also by one id');
$token = token_of(20, $site);
like(resolve($token, 'anna', 'moves'), qr/\|@{[ phone_of(20) ]}\|/, 'a number');
$node->safe_psql('crm', "UPDATE crm.customer SET phone = '+33899000000' WHERE id = 20");
like(resolve($token, 'anna', 'moves'), qr/\|\+33899000000\|/, 'another number by the same id') foreach 1 .. 2;
is(log_rows($node, 'crm', "event = 'contact' AND customer = '20'"), 2, '... has a record of its own');

# Visits that cannot be asked for
$node->safe_psql('crm', q(SET client_min_messages = error;
	INSERT INTO crm.intervention (customer_id, technician, starts_at, ends_at, status) VALUES (17, 'eve', now() - interval '1 h', now() + interval '1 h', 'on_site');
	CREATE TABLE crm.odd (id bigint, customer_id bigint, technician text, starts_at timestamptz, ends text);
	INSERT INTO crm.odd VALUES (1, 18, 'eve', now() - interval '1 h', (now() + interval '1 h')::text);
	CREATE VIEW crm.odd_visit AS SELECT id, customer_id, technician, starts_at, ends::timestamptz AS ends_at FROM crm.odd;
	SELECT contact_guard.use_interventions('crm.odd_visit', id => 'id', customer => 'customer_id', technician => 'technician', opens_at => 'starts_at', closes_at => 'ends_at')));
foreach my $who ('anna', 'eve')
{
	$token = token_of(17, $site, $who);
	like(resolve($token, $who, "asked $who"), qr/^200/, "a call of $who");
	gateway("SELECT contact_guard.call_answered('asked $who', '$who')");
}
is(gateway('SELECT handle FROM contact_guard.calls_to_end()'), '', 'both go on');
is(gateway("SELECT count(*) FROM (SELECT (contact_guard.resolve('$token', 'eve', 'eve ' || i)).code FROM generate_series(1, 100) i) r WHERE code = 200"), 100, 'many calls');
gateway("SELECT contact_guard.call_answered('eve ' || i, '') FROM generate_series(1, 100) i");
$node->safe_psql('crm', "UPDATE crm.odd SET ends = 'tomorrow-ish'");
is(gateway("SELECT DISTINCT handle FROM contact_guard.calls_to_end() ORDER BY handle"), "eve\n", 'a visit that cannot be read ends its calls, and no other');
$node->safe_psql('crm', "UPDATE crm.odd SET ends = 'infinity'");
my $locks = session($node, 'crm', 'postgres');
$locks->query_safe('BEGIN; LOCK TABLE crm.intervention');
is(gateway("SELECT string_agg(handle, ' ' ORDER BY handle) FROM contact_guard.calls_to_end() WHERE handle <> ''"), 'anna eve', 'a lock ends calls: it is not known whether they may go on');
my $offset = -s $node->logfile;
is(gateway('SELECT count(*) FROM contact_guard.calls_to_end()'), 102, '... all of them');
is(() = slurp_file($node->logfile, $offset) =~ /windows of calls cannot be asked for/g, 1, '... and one line in the log');
$locks->query_safe('ROLLBACK');
$locks->quit;
is(gateway("SELECT handle FROM contact_guard.calls_to_end(); SHOW lock_timeout; SELECT contact_guard.call_ended('asked anna') + contact_guard.call_ended('asked eve')"), "0\n2", '... only as long');
gateway("SELECT contact_guard.call_ended('eve ' || i) FROM generate_series(1, 100) i");
$node->safe_psql('crm', "SELECT contact_guard.forget_interventions('crm.odd_visit'); UPDATE crm.intervention SET status = 'done' WHERE technician = 'eve'");

# By the clock: the gateway has a timer of its own, so the poll leaves it three seconds
$token = token_of(9, $site);
like(resolve($token, 'anna', 'clock'), qr/^200/, 'a call');
gateway("SELECT contact_guard.call_answered('clock', 'h')");
$node->safe_psql('crm', 'UPDATE crm.intervention SET ends_at = clock_timestamp() WHERE id = 9');
like(gateway('SELECT * FROM contact_guard.calls_to_end()'), qr/\|h$/, 'an end that comes before what was told is told at once');
gateway("SELECT contact_guard.call_ended('clock')");

# An id with the form of a reference: a phone chooses its Call-ID
$token = token_of(16, $site);
$reference = 'call:' . 'a' x 64;
is(resolve($token, 'anna', $reference), $none, 'a reference does not name a new call');
is(records("event = 'contact_refused' AND customer = '16'"), 'contact_refused anna gateway {phone,voice,out} 16 16 relay call asked for before', '... with a record');
$reference = 'call:' . 'A' x 64;
like(resolve($token, 'anna', $reference), qr/^200/, 'a text that is none does');
is(gateway("SELECT contact_guard.call_answered('$reference', 'h'), contact_guard.call_ended('$reference')"), '1|1', '... for all functions');

# While the database accepts no actor but by a signed token: resolve() names nobody by act_as()
$node->safe_psql('crm', q(ALTER SYSTEM SET contact_guard.identity = 'required'));
$node->reload;
$node->poll_query_until('crm', q(SELECT current_setting('contact_guard.identity') = 'required'));
like(resolve(token_of(15, $site), 'anna', 'identity'), qr/^200/, 'where tokens of identity are required, too');
is(resolve($pooled, 'anna', 'asserted'), $none, '... but not for a name that was only asserted');
is(records("reason = 'named without a token'"), 'contact_refused anna gateway {phone,voice,out} 4 4 relay named without a token', '... with a record');
$node->safe_psql('crm', q(ALTER SYSTEM RESET contact_guard.identity));
$node->reload;

$node->poll_query_until('crm', q(SELECT current_setting('contact_guard.identity') = 'off'));
like(resolve($pooled, 'anna', 'believed'), qr/^200/, 'where they are not, it is believed');
gateway("SELECT contact_guard.call_answered('believed', 'thief')");
$node->safe_psql('crm', "SELECT contact_guard.revoke_identity('anna', 'stolen phone')");
is(resolve($pooled, 'anna', 'revoked'), $none, '... until it is revoked');
is(gateway('SELECT handle FROM contact_guard.calls_to_end()'), 'thief', '... and its call is to end');
gateway("SELECT contact_guard.call_ended('believed')");
sleep 1;    # a revocation is for its whole second

# The policy changes
$token = token_of(10, $site);
$node->safe_psql('crm', q(SET client_min_messages = error; SELECT contact_guard.unprotect('crm.customer', '{phone}')));
is(resolve($token, 'anna', 'policy'), $none, 'a column that is not guarded is not given out');
$node->safe_psql('crm', q(SET client_min_messages = error; SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}', mask => 'null')));
is(resolve($token, 'anna', 'policy-1'), $none, '... nor one that a window shows');
$node->safe_psql('crm', q(SET client_min_messages = error; SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}', mask => 'null', reveal => 'relay')));
like(resolve($token, 'anna', 'policy-2'), qr/^200/, 'one that is reached by relay is');
$node->safe_psql('crm', 'ALTER TABLE crm.customer RENAME phone TO telephone');
like(resolve($token, 'anna', 'policy-3'), qr/^200/, 'a name does not matter');
$node->safe_psql('crm', 'ALTER TABLE crm.customer RENAME telephone TO phone');

# A visit that the asking transaction opens itself
$token = token_of(11, $site);
$node->safe_psql('crm', "UPDATE crm.intervention SET status = 'done' WHERE id = 11; GRANT SELECT, UPDATE ON crm.intervention TO gateway");
like(gateway("BEGIN; UPDATE crm.intervention SET status = 'on_site' WHERE id = 11; SELECT code, reason, dial, closes FROM contact_guard.resolve('$token', 'anna', 'own visit'); ROLLBACK"),
	qr/^403/m, 'only what is committed opens');

# A window that closes while the record of the number waits for a standby
$token = token_of(18, $site);
$node->safe_psql('crm', q(ALTER SYSTEM SET synchronous_standby_names = 'nobody'));
$node->reload;
# The checkpointer tells others of a standby that they wait for: until it has, none waits.
my $probe = session($node, 'crm', 'postgres');
$probe->query_until(qr/waits/, "\\echo waits\nDO \$\$BEGIN LOOP PERFORM pg_logical_emit_message(true, 'probe', 'x'); COMMIT; END LOOP; END\$\$;\n");
$node->poll_query_until('crm', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'postgres' AND wait_event = 'SyncRep'");
my $late = session($node, 'crm', 'gateway');
$late->query_until(qr/waits/, "\\echo waits\nSELECT 'code ' || code, dial FROM contact_guard.resolve('$token', 'anna', 'late');\n\\echo done\n");
$node->poll_query_until('crm', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'gateway' AND wait_event = 'SyncRep'");
$node->safe_psql('crm', "SET synchronous_commit = local; UPDATE crm.intervention SET status = 'done' WHERE id = 18;
	SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query ~ 'probe' AND pid <> pg_backend_pid()");
eval { $probe->quit };
$node->safe_psql('crm', q(ALTER SYSTEM RESET synchronous_standby_names));
$node->reload;
my $answer = $late->query_until(qr/done/, '');
like($answer, qr/code 403\|$/m, 'a window that closes during the flush of the record is closed');
$late->quit;
is(records("customer = '18'") =~ s/^contact_offered.*\n//r, "contact anna gateway {phone,voice,out} 18 18 relay\ncontact_refused anna gateway {phone,voice,out} 18 18 relay window closed",
	'... on record: the number was to leave, and did not');
is(gateway("SELECT contact_guard.call_answered('late', 'h')"), 0, '... and there is no call');

# Calls that have no id; a call that is refused twice, for two reasons
is(resolve($token, 'anna', ''), $none, 'a call without an id is no call') foreach 1, 2;
is(gateway("SELECT code FROM contact_guard.resolve('$token', 'anna', NULL)"), 404, '... nor with NULL');
is(records("customer = '18' AND reason = 'no id of the call'"), join("\n", ('contact_refused anna gateway {phone,voice,out} 18 18 relay no id of the call') x 3), '... each on record');
$token = token_of(19, $site);
$node->safe_psql('crm', "UPDATE crm.customer SET phone = NULL WHERE id = 19");
is(resolve($token, 'anna', 'two reasons'), $none, 'a call without a number') foreach 1, 2;
$node->safe_psql('crm', "SELECT contact_guard.revoke_identity('anna', 'lost phone')");
is(resolve($token, 'anna', 'two reasons'), $none, '... and then without an owner') foreach 1, 2;
is(records("customer = '19' AND event = 'contact_refused'"), "contact_refused anna gateway {phone,voice,out} 19 19 relay no number\ncontact_refused anna gateway {phone,voice,out} 19 19 relay token revoked",
	'... has a record for each reason');
$node->poll_query_until('crm', "SELECT clock_timestamp() > date_trunc('second', not_before) + interval '1 second' FROM contact_guard.revoked_identity");

# A visit that becomes shorter while a call is asked for again: the poll goes by what was told last
$token = token_of(17, $site);
like(resolve($token, 'anna', 'shorter'), qr/^200/, 'a call');
$node->safe_psql('crm', "UPDATE crm.intervention SET ends_at = ends_at - interval '1 hour' WHERE id = 17");
like(resolve($token, 'anna', 'shorter'), qr/^200/, '... asked for again');
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.contact_call c, crm.intervention i WHERE i.id = 17 AND c.closes_at = i.ends_at"), 1, 'the new end is kept');
is(log_rows($node, 'crm', "event = 'contact' AND customer = '17' AND actor = 'anna' AND reason IS NULL AND read_at > now() - interval '1 hour' AND identity = 'contact' AND intervention = '17' AND closes_at > (SELECT ends_at FROM crm.intervention WHERE id = 17)"), 2, '... without another record');

# Gateways that could do without calls
$node->safe_psql('crm', q(SET client_min_messages = error; CREATE ROLE nord NOLOGIN; GRANT nord TO gateway2;
	INSERT INTO crm.intervention (customer_id, technician, starts_at, ends_at, status) VALUES (20, 'nord', now() - interval '1 h', now() + interval '1 day', 'on_site');
	GRANT USAGE ON SCHEMA crm TO nord));
my $own = (split /\n/, as($node, 'crm', 'gateway2', "SET ROLE nord; SELECT token FROM contact_guard.contact(20$site)"))[-1];
is(scalar as($node, 'crm', 'gateway2', "SELECT code FROM contact_guard.resolve('$own', 'nord', 'own role')"), 404, 'a gateway that may become the technician gets no number');
is(gateway("SELECT code FROM contact_guard.resolve('$own', 'nord', 'other role')"), 200, '... and another does');
my $standing = q(SELECT array_to_string(array(SELECT p FROM unnest(problems) p WHERE p ~ 'gateway'), ' ') FROM contact_guard.status());
is($node->safe_psql('crm', $standing), '', 'gateways have no standing permissions');
$node->safe_psql('crm', q(CREATE ROLE office; SELECT contact_guard.allow('office', purpose => 'planning'); GRANT office TO gateway2));
is($node->safe_psql('crm', $standing), 'role gateway2 is a gateway and has a standing permission: it can read numbers without a call', 'one that has is a problem');
$node->safe_psql('crm', q(REVOKE office FROM gateway2; SELECT contact_guard.disallow('office')));
foreach my $level ('REPEATABLE READ', 'SERIALIZABLE')
{
	(undef, $err) = as($node, 'crm', 'gateway', "BEGIN ISOLATION LEVEL $level; SELECT contact_guard.calls_to_end()");
	is(state_of($err), '25001', "$level would not see calls of others");
}

# So many tokens for a visit and a channel
$token = token_of(16, $site);
my $going = token_of(16, $site);
like(resolve($going, 'anna', 'goes on'), qr/^200/, 'a call goes on');
as($node, 'crm', 'anna', "SELECT count(c.token) FROM generate_series(1, 50) g, LATERAL contact_guard.contact(16 + 0 * g$site) c");
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.contact_token WHERE customer = '16' AND actor = 'anna' AND channel = 'voice'"), 21, 'a technician has twenty tokens for a visit, and those of calls that go on');
is(resolve($token, 'anna', 'old'), $none, '... the oldest goes');
gateway("SELECT contact_guard.call_ended('goes on')");
is(log_rows($node, 'crm', "event = 'contact_end' AND customer = '16'"), 2, 'the end of a call has a record all the same');

# At the same time
$token = token_of(12, $site);
my $one = session($node, 'crm', 'gateway');
my $two = session($node, 'crm', 'gateway');
$one->query_safe("BEGIN; SELECT code, reason, dial, closes FROM contact_guard.resolve('$token', 'anna', 'twice')");
$two->query_until(qr/waits/, "\\echo waits\nSELECT 'answer ' || dial FROM contact_guard.resolve('$token', 'anna', 'twice');\n\\echo done\n");
$node->poll_query_until('crm', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'gateway' AND wait_event_type = 'Lock'");
$one->query_safe('COMMIT');
like($two->query_until(qr/done/, ''), qr/answer @{[ phone_of(12) ]}/, 'who asks for the same call at the same time gets the same answer');
$_->quit foreach $one, $two;
is(log_rows($node, 'crm', "event = 'contact' AND customer = '12' AND columns[1] = 'phone' AND relation = 'crm.customer'"), 1, '... and there is one record');

# A number that left is on record, whatever becomes of the transaction and the server
$token = token_of(13, $site);
$one = session($node, 'crm', 'gateway');
like($one->query("BEGIN; SELECT code, reason, dial, closes FROM contact_guard.resolve('$token', 'anna', 'crash')"), qr/@{[ phone_of(13) ]}/, 'a number leaves');
kill_server($node);
eval { $one->quit };
slow_start($node);
is(log_rows($node, 'crm', "event = 'contact' AND customer = '13'"), 1, 'a record is there after kill -9 before the commit');
like(resolve($token, 'anna', 'crash'), qr/^200/, 'the call is asked for again');
is($node->safe_psql('crm', "SELECT contact_guard.sync(); SELECT count(*), count(DISTINCT statement) FROM contact_guard.access_log WHERE event = 'contact' AND customer = '13'"), "\n2|1",
	'... and the records of both have the number of the call');

# Erasure
$token = token_of(14, $site);
my $running = token_of(14, $site);
like(resolve($running, 'anna', 'runs'), qr/^200/, 'a call goes on');
gateway("SELECT contact_guard.call_answered('runs', 'h')");
log_rows($node, 'crm', 'true');
$node->safe_psql('crm', "SELECT contact_guard.erase_customer('14', 'asked for')");
is($node->safe_psql('crm', "SELECT token = sha256('$running') FROM contact_guard.contact_token WHERE customer = '14'"), 't',
	"an erasure takes the customer's tokens, but for that of a call that goes on");
is(resolve($token, 'anna', 'erased'), $none, '... which are unknown then');
gateway("SELECT contact_guard.call_ended('runs')");
is(log_rows($node, 'crm', "event = 'contact_end' AND customer = '14'"), 1, '... whose end is on record');
$node->safe_psql('crm', "SELECT contact_guard.erase_actor('anna', 'asked for')");
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.contact_token WHERE actor = 'anna'"), $node->safe_psql('crm',
	q(SELECT count(*) FROM contact_guard.contact_token t WHERE EXISTS (SELECT FROM contact_guard.contact_call c WHERE c.token = t.token AND answered_at IS NOT NULL AND ended_at IS NULL))),
	'... and that of an actor takes his');

# A dump has neither tokens nor calls
my $dump = $node->data_dir . '/relay.sql';
$node->command_ok([ 'pg_dump', '-f', $dump, $node->connstr('crm') ], 'pg_dump');
unlike(slurp_file($dump), qr/^COPY contact_guard\.contact_/m, '... has neither tokens nor calls');
like(slurp_file($dump), qr/"reveal": "relay"/, '... but the policy');

ok(log_is_whole($node, 'crm'), 'the log is whole');
$node->stop;
done_testing();
