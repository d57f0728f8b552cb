# A mask decides nothing that is written, by whatever function it comes and goes; and no
# value, nor a mask, outlives its statement in what PostgreSQL keeps of definitions.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Test::More;

my $node = guard_node('masks');
make_roles($node);
make_crm($node, 'crm', 60);
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	GRANT CREATE ON SCHEMA crm TO PUBLIC;
	CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy, dispatcher;
	CREATE ROLE nobody;
	GRANT USAGE ON SCHEMA crm TO pool;
	CREATE TABLE crm.todo (id bigint PRIMARY KEY, what text);
	INSERT INTO crm.todo SELECT i, 'call' FROM generate_series(1, 60) i;
	CREATE TABLE crm.seen (id bigint, what text);
	CREATE TABLE crm.depot (id bigint PRIMARY KEY, customer_id bigint NOT NULL, code text, note text);
	INSERT INTO crm.depot SELECT i, i, 'code ' || i, 'note ' || i FROM generate_series(1, 60) i;
	SELECT contact_guard.protect('crm.depot', 'customer_id', '{code}', 'null', mode => 'hide');
	GRANT ALL ON crm.todo, crm.seen, crm.depot TO anna, dispatcher;
	GRANT SELECT ON crm.customer TO pool;
	GRANT UPDATE ON crm.customer TO anna;
	CREATE SEQUENCE crm.counter;
	GRANT ALL ON SEQUENCE crm.counter TO anna;
	CREATE TABLE crm.parted (k text, v bigint) PARTITION BY LIST (k);
	CREATE TABLE crm.parted_a PARTITION OF crm.parted FOR VALUES IN ('a');
	CREATE TABLE crm.parted_b PARTITION OF crm.parted FOR VALUES IN ('b');
	INSERT INTO crm.parted VALUES ('a', 1), ('b', 2);
	GRANT ALL ON crm.parted TO anna;
	-- what reads
	CREATE FUNCTION crm.phone_of(bigint) RETURNS text STABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
	CREATE FUNCTION crm.phone_in_sql(bigint) RETURNS text STABLE LANGUAGE sql
		AS $$SELECT phone FROM crm.customer WHERE id = $1$$;
	CREATE FUNCTION crm.phone_folded(bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
	CREATE FUNCTION crm.phone_folded_sql(bigint) RETURNS text IMMUTABLE LANGUAGE sql
		AS $$SELECT phone FROM crm.customer WHERE id = $1$$;
	CREATE FUNCTION crm.note_folded(bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN coalesce((SELECT note FROM crm.depot WHERE id = $1), 'none'); END$$;
	CREATE FUNCTION crm.owner_folded(text) RETURNS bigint IMMUTABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN (SELECT id FROM crm.customer WHERE phone = $1); END$$;
	CREATE FUNCTION crm.is_masked(bigint) RETURNS bool STABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN EXISTS (SELECT FROM crm.customer WHERE id = $1 AND phone LIKE '%*%'); END$$;
	CREATE FUNCTION crm.masked() RETURNS SETOF bigint LANGUAGE plpgsql
		AS $$BEGIN RETURN QUERY SELECT id FROM crm.customer WHERE phone LIKE '%*%'; END$$;
	CREATE FUNCTION crm.masked_sql() RETURNS SETOF bigint LANGUAGE sql
		AS $$SELECT id FROM crm.customer WHERE phone LIKE '%*%'$$;
	CREATE FUNCTION crm.people() RETURNS TABLE (id bigint, phone text) STABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN QUERY SELECT c.id, c.phone FROM crm.customer c; END$$;
	CREATE FUNCTION crm.same(text, text) RETURNS bool STABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN (SELECT phone LIKE '%*%' FROM crm.customer WHERE id::text = $1); END$$;
	CREATE OPERATOR crm.=== (FUNCTION = crm.same, LEFTARG = text, RIGHTARG = text);
	-- what writes
	CREATE FUNCTION crm.purge(bigint) RETURNS int LANGUAGE plpgsql
		AS $$BEGIN DELETE FROM crm.todo WHERE id = $1; RETURN 1; END$$;
	CREATE FUNCTION crm.purge_sql(bigint) RETURNS bigint LANGUAGE sql
		AS $$DELETE FROM crm.todo WHERE id = $1 RETURNING id$$;
	CREATE FUNCTION crm.log_view(bigint) RETURNS bigint LANGUAGE plpgsql
		AS $$BEGIN INSERT INTO crm.seen VALUES ($1, 'seen'); RETURN $1; END$$;
	CREATE FUNCTION crm.process(bigint) RETURNS text LANGUAGE plpgsql
		AS $$DECLARE p text; BEGIN SELECT phone INTO p FROM crm.customer WHERE id = $1; INSERT INTO crm.seen VALUES ($1, 'done'); RETURN p; END$$;
	CREATE FUNCTION crm.exists_now(bigint) RETURNS bool STABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN EXISTS (SELECT FROM crm.customer WHERE id = $1 AND name LIKE 'C%'); END$$;
	CREATE FUNCTION crm.format_phone(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN '<' || $1 || '>'; END$$;
	CREATE FUNCTION crm.trim_it(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN trim($1); END$$;
	ALTER FUNCTION crm.phone_of(bigint) OWNER TO anna;
));
my $state = q(SELECT (SELECT count(*) FROM crm.todo), (SELECT count(*) FROM crm.seen), (SELECT last_value FROM crm.counter), (SELECT count(*) FROM crm.parted));
my $before = $node->safe_psql('crm', $state);

# A mask chooses rows, or calls, and another function writes.
my $generic = 'SET plan_cache_mode = force_generic_plan';
foreach my $statement (
	# inside of an expression
	q(SELECT count(CASE WHEN phone LIKE '%*%' THEN crm.purge(id) END) FROM crm.customer),
	q(SELECT CASE phone WHEN 'x' THEN 0 ELSE crm.purge_sql(id) END FROM crm.customer),
	q(SELECT count(crm.purge(id)) FILTER (WHERE phone LIKE '%*%') FROM crm.customer),
	q(SELECT bool_or(phone LIKE '%*%' AND crm.purge(id) > 0) FROM crm.customer),
	q(SELECT phone LIKE '0600000%' OR crm.purge(id) > 0 FROM crm.customer),
	q(SELECT coalesce(nullif(phone, '06*******2'), crm.purge(id)::text) FROM crm.customer),
	q(SELECT CASE WHEN phone LIKE '%*%' THEN (SELECT crm.purge(c.id)) END FROM crm.customer c),
	q(UPDATE crm.customer SET name = name WHERE id = 42 RETURNING CASE WHEN phone LIKE '%*%' THEN crm.purge(id) END),
	# a function that has read it
	q(SELECT count(crm.purge(id)) FROM crm.todo WHERE crm.is_masked(id)),
	q(SELECT count(crm.purge_sql(id)) FROM crm.todo WHERE crm.phone_of(id) LIKE '%*%'),
	q(SELECT count(crm.purge(id)) FROM crm.todo WHERE crm.phone_in_sql(id) LIKE '%*%'),
	q(SELECT count(crm.purge(id)) FROM crm.todo WHERE id::text OPERATOR(crm.===) ''),
	q(SELECT count(CASE WHEN crm.is_masked(id) THEN crm.purge(id) END) FROM crm.todo),
	q(SELECT count(crm.purge(id)) FILTER (WHERE crm.is_masked(id)) FROM crm.todo),
	q(SELECT count(crm.purge(i)) FROM crm.masked() i),
	q(SELECT count(crm.purge(i)) FROM crm.masked_sql() i),
	q(SELECT count(crm.purge(id)) FROM crm.people() WHERE phone LIKE '%*%'),
	q(SELECT count(crm.purge(p.id)) FROM crm.people() p WHERE p IS NOT NULL),
	q(SELECT count(crm.purge(t.id)) FROM crm.todo t JOIN crm.masked() m ON m = t.id),
	q(SELECT count(crm.purge(t.id)) FROM crm.todo t WHERE EXISTS (SELECT FROM crm.masked() m WHERE m = t.id)),
	q(SELECT count(crm.purge(id)) FROM (SELECT id, crm.phone_of(id) AS p FROM crm.todo OFFSET 0) s WHERE p LIKE '%*%'),
	q(WITH m AS MATERIALIZED (SELECT id, crm.is_masked(id) AS masked FROM crm.todo) SELECT count(crm.purge(id)) FROM m WHERE masked),
	q(SELECT crm.purge(id) FROM crm.todo ORDER BY crm.phone_of(id) DESC LIMIT 1),
	q(SELECT crm.purge(min(id)) FROM crm.todo GROUP BY crm.phone_of(id)),
	q(SELECT crm.purge(min(id)) FROM crm.todo HAVING bool_or(crm.is_masked(42))),
	q(SELECT crm.purge(id) FROM crm.todo LIMIT length(crm.phone_of(42))),
	q(SELECT crm.purge(i) FROM generate_series(1, length(crm.phone_of(42))) i),
	q(SELECT count(crm.purge(id)) FROM crm.todo WHERE crm.is_masked(id) AND crm.process(id) IS NOT NULL),
	q(DO $$BEGIN PERFORM crm.purge(id) FROM crm.todo WHERE crm.is_masked(id); END$$),
	q(SELECT query_to_xml('DELETE FROM crm.todo WHERE id = ' || id, false, false, '') FROM crm.todo WHERE crm.is_masked(id)),
	q(BEGIN; DECLARE c CURSOR FOR SELECT crm.purge(id) FROM crm.todo WHERE id > 41 AND id IN (SELECT crm.masked() OFFSET 0); FETCH 1 c; FETCH 1 c; COMMIT),
	# folded into the plan
	q(SELECT count(crm.purge(id)) FROM crm.todo WHERE crm.phone_folded(42) LIKE '%*%'),
	q(SELECT count(crm.purge(id)) FROM crm.todo WHERE crm.phone_folded_sql(42) LIKE '%*%'),
	q(PREPARE p AS SELECT crm.purge(id) FROM crm.todo WHERE crm.phone_folded(42) LIKE '%*%'; EXECUTE p),
	q(BEGIN; DECLARE c CURSOR FOR SELECT * FROM crm.todo WHERE crm.phone_folded(42) LIKE '%*%' FOR UPDATE; MOVE 1 c; DELETE FROM crm.todo WHERE CURRENT OF c; COMMIT),
	# a built-in function that writes
	q(SELECT setval('crm.counter', length(crm.phone_of(42)))),
	q(SELECT setval('crm.counter', length(crm.phone_in_sql(id))) FROM crm.todo WHERE id = 42),
	q(SELECT setval('crm.counter', length(crm.phone_folded(42)))),
	q(SELECT setval('crm.counter', CASE WHEN crm.is_masked(42) THEN 9 ELSE 10 END)),
	q(SELECT setval('crm.counter', 77) FROM crm.todo WHERE crm.is_masked(id)),
	q(SELECT CASE WHEN crm.is_masked(42) THEN setval('crm.counter', 77) END),
	q(SELECT lo_from_bytea(0, crm.phone_of(42)::bytea)),
	q(SELECT lo_create(length(crm.phone_of(42))::oid)),
	# partitions that are left out when a plan is made ready
	"$generic; DO \$\$DECLARE i bigint := 42; BEGIN DELETE FROM crm.todo WHERE NOT EXISTS (SELECT FROM crm.parted WHERE k = crm.phone_of(i)); END\$\$",
	"$generic; DO \$\$DECLARE i bigint := 42; BEGIN INSERT INTO crm.seen SELECT 1, 'x' WHERE NOT EXISTS (SELECT FROM crm.parted WHERE k = crm.phone_of(i)); END\$\$",
	"$generic; DO \$\$DECLARE i bigint := 42; BEGIN UPDATE crm.parted SET v = 2 WHERE k = CASE WHEN crm.is_masked(i) THEN 'a' END; END\$\$",
	"$generic; DO \$\$DECLARE i bigint := 42; BEGIN PERFORM crm.purge(id) FROM crm.todo WHERE NOT EXISTS (SELECT FROM crm.parted WHERE k = crm.phone_of(i)); END\$\$")
{
	my ($out, $err) = as($node, 'crm', 'anna', $statement);
	is(state_of($err), '42501', "refused: $statement");
	like($err, qr/withheld values/, '... because of a mask');
}
is($node->safe_psql('crm', $state), $before, 'nothing has been written');

# Who writes something that no mask has chosen goes on.
foreach my $statement (
	q(SELECT crm.log_view(id), phone FROM crm.customer),
	q(SELECT crm.log_view(id), crm.phone_of(id) FROM crm.todo),
	q(SELECT crm.log_view(id), phone FROM crm.people()),
	q(SELECT crm.log_view(p.id), p.phone FROM crm.people() p JOIN crm.todo t ON t.id = p.id WHERE p.id > 3),
	q(SELECT crm.log_view(id), p FROM (SELECT id, crm.phone_of(id) AS p FROM crm.todo) s),
	q(SELECT crm.log_view(id), CASE WHEN phone LIKE '%*%' THEN 'masked' ELSE phone END FROM crm.customer),
	q(SELECT crm.log_view(id), phone FROM crm.customer WHERE crm.exists_now(id)),
	q(SELECT CASE WHEN phone IS NULL THEN 'none' ELSE crm.format_phone(phone) END FROM crm.customer),
	q(SELECT crm.process(id) FROM crm.todo),
	q(SELECT count(*) FROM crm.todo WHERE crm.process(id) IS NOT NULL),
	q(SELECT count(*) FROM crm.todo t, LATERAL crm.process(t.id) p),
	q(SELECT count(crm.purge(id)) FROM crm.todo WHERE id <= 20 AND NOT crm.is_masked(id)),
	q(SELECT crm.purge(id) FROM crm.todo WHERE crm.trim_it(' x ') = 'x'),
	q(SELECT nextval('crm.counter'), crm.phone_of(42)),
	q(SELECT setval('crm.counter', max(id)), max(crm.phone_of(id)) FROM crm.todo),
	q(SELECT pg_notify('seen', id::text) FROM crm.people()),
	q(DO $$DECLARE r record; BEGIN FOR r IN SELECT * FROM crm.people() LOOP PERFORM crm.log_view(r.id); END LOOP; END$$),
	# a STABLE function is asked for estimates, and its answer is not kept
	q(DELETE FROM crm.todo WHERE what = crm.phone_of(7)),
	q(PREPARE p (text) AS SELECT $1, crm.phone_of(42); EXECUTE p (crm.trim_it(current_user)); EXECUTE p (crm.trim_it(' x '))),
	q(SELECT count(*) FROM crm.parted WHERE k = crm.phone_of(42)))
{
	my ($out, $err) = as($node, 'crm', 'anna', "BEGIN; $statement; ROLLBACK");
	is($err, '', "allowed: $statement");
}

# What PostgreSQL keeps of definitions holds no value, whoever was shown it.
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE DOMAIN crm.d AS text CHECK (VALUE IS DISTINCT FROM crm.phone_folded(7));
	CREATE DOMAIN crm.d_sql AS text CHECK (VALUE IS DISTINCT FROM crm.phone_folded_sql(7));
	CREATE DOMAIN crm.d_row AS text CHECK (VALUE IS DISTINCT FROM crm.note_folded(7));
	CREATE DOMAIN crm.d_owner AS bigint CHECK (VALUE IS DISTINCT FROM crm.owner_folded('0600000042'));
	CREATE DOMAIN crm.d_stable AS text CHECK (VALUE IS DISTINCT FROM crm.phone_of(7));
	CREATE DOMAIN crm.d_trim AS text CHECK (VALUE <> crm.trim_it(' x '));
	CREATE FUNCTION crm.imm(bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN 'x'; END$$;
	CREATE TABLE crm.indexed (v text);
	CREATE INDEX ON crm.indexed ((v || crm.imm(7)));
	CREATE TABLE crm.partial (v text);
	CREATE INDEX ON crm.partial (v) WHERE v <> crm.imm(7);
	CREATE TABLE crm.keyed (v text) PARTITION BY LIST ((v || crm.imm(7)));
	CREATE TABLE crm.keyed_a PARTITION OF crm.keyed FOR VALUES IN ('ax');
	CREATE OR REPLACE FUNCTION crm.imm(bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
	GRANT ALL ON crm.indexed, crm.partial, crm.keyed TO anna, pool;));
foreach my $statement (
	q(SELECT 'a'::crm.d),
	q(SELECT CAST(what AS crm.d) FROM crm.todo),
	q(SELECT 'a'::crm.d_sql),
	q(DO $$DECLARE v crm.d := 'a'; BEGIN END$$),
	q(SELECT * FROM jsonb_to_record('{"v":"a"}') AS r (v crm.d)),
	q(PREPARE p (crm.d) AS SELECT $1; EXECUTE p ('a')),
	q(SELECT 'a'::crm.d_row))
{
	foreach my $first ('', 'SELECT count(*) FROM crm.indexed; SELECT count(*) FROM crm.partial WHERE v > $$x$$; SELECT count(*) FROM crm.keyed; ')
	{
		my ($out, $err) = as($node, 'crm', 'anna', $first . $statement);
		is(state_of($err), '0A000', "refused: $first$statement");
		like($err, qr/cannot be read here by a function that is marked IMMUTABLE.*Mark functions that read tables STABLE/s, '... and why');
	}
}
is(state_of((as($node, 'crm', 'dispatcher', 'SELECT 42::crm.d_owner'))[1]), '0A000', 'nor what a look-up has found');
foreach my $statement (
	"COPY crm.keyed FROM STDIN;\na\n\\.\n",
	q(INSERT INTO crm.keyed VALUES ('a')),
	q(INSERT INTO crm.indexed VALUES ('a')),
	q(INSERT INTO crm.partial VALUES ('a')))
{
	my ($out, $err) = as($node, 'crm', 'anna', "SELECT count(*) FROM crm.indexed; SELECT count(*) FROM crm.partial WHERE v > 'x'; SELECT count(*) FROM crm.keyed; $statement");
	is(state_of($err), '42501', "nor is it in what is stored: $statement");
}
foreach my $statement (
	q(SELECT 'a'::crm.d_stable),
	q(SELECT 'a'::crm.d_trim),
	q(SELECT crm.phone_folded(7), crm.note_folded(7)),
	q(SELECT count(*) FROM crm.keyed))
{
	is((as($node, 'crm', 'anna', $statement))[1], '', "allowed: $statement");
}
# Behind a pool, the next actor gets nothing that the one before was shown.
my $pool = session($node, 'crm', 'pool');
foreach my $statement ("SELECT 'a'::crm.d", 'EXPLAIN (COSTS off) SELECT v FROM crm.indexed WHERE v || crm.imm(7) = $$a$$')
{
	$pool->query('SET enable_seqscan = off');
	$pool->query("BEGIN; SELECT contact_guard.act_as('boss', role => 'dispatcher'); $statement; COMMIT; ROLLBACK");
	$pool->{stderr} = '';
	my $told = $pool->query("BEGIN; SELECT contact_guard.act_as('nobody'); $statement; COMMIT; ROLLBACK");
	unlike($told . $pool->{stderr}, qr/0600000007/, "the next actor is told nothing: $statement");
}
$pool->quit;
# In one session, when the window has closed
my $anna = session($node, 'crm', 'anna');
$anna->query('SET enable_seqscan = off; SET enable_bitmapscan = off');
my $index = 'EXPLAIN (COSTS off) SELECT v FROM crm.indexed WHERE v || crm.imm(7) = $$a$$';
like($anna->query($index), qr/Index Cond.*0600000007/, 'an index expression with a value that the reader is shown');
is($anna->query("SELECT count(*) FROM crm.partial WHERE v <> crm.imm(7)"), '0', '... and a predicate');
$node->safe_psql('crm', q(UPDATE crm.intervention SET ends_at = now() - interval '1 min' WHERE customer_id = 7));
$anna->query('SELECT pg_sleep(1.1)');
my $plan = $anna->query($index);
unlike($plan, qr/0600000007/, '... is not in the plan of the same session when the window has closed');
like($plan, qr/Index Cond.*06\*+7/, '... where the mask is');
is($anna->query(q(INSERT INTO crm.indexed VALUES ('a'))), '', 'what is stored is not computed with the mask');
like($anna->{stderr}, qr/withheld values/, '... either');
$anna->quit;
is($node->safe_psql('crm', 'SELECT count(*) FROM crm.indexed'), '0', '... nor with the value');

done_testing();
