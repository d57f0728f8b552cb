# Unique and exclusion indexes over guarded columns: what they tell is on record, and
# nobody but an admin makes one.  What moves a row to another customer without naming
# the key.  What EXPLAIN knows of values, and what pins a row.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Test::More;

my $node = guard_node('uniques');
make_roles($node);
make_crm($node, 'crm', 60);
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE ROLE adm LOGIN IN ROLE contact_guard_admin, dispatcher;
	CREATE TABLE crm.contact (id bigint PRIMARY KEY, name text UNIQUE, phone text UNIQUE, zone int);
	INSERT INTO crm.contact SELECT id, 'n' || id, phone, 1 FROM crm.customer;
	CREATE TABLE crm.later (customer_id bigint NOT NULL, code text, CONSTRAINT later_code UNIQUE (code) DEFERRABLE INITIALLY DEFERRED);
	CREATE TABLE crm.slot (customer_id bigint NOT NULL, code text, EXCLUDE (code WITH =));
	CREATE TABLE crm.part (customer_id bigint NOT NULL, zone int, code text, UNIQUE (zone, code)) PARTITION BY LIST (zone);
	CREATE TABLE crm.part_1 PARTITION OF crm.part FOR VALUES IN (1);
	CREATE TABLE crm.part_2 PARTITION OF crm.part FOR VALUES IN (2);
	CREATE UNIQUE INDEX part_2_code ON crm.part_2 (code);
	CREATE TABLE crm.lower (customer_id bigint NOT NULL, code text);
	CREATE UNIQUE INDEX ON crm.lower (lower(code));
	INSERT INTO crm.later VALUES (42, 's'); INSERT INTO crm.slot VALUES (42, 's'); INSERT INTO crm.lower VALUES (42, 's');
	INSERT INTO crm.part VALUES (42, 1, 's'), (43, 2, 's2'), (7, 1, 'mine');
	CREATE FUNCTION crm.try(c text) RETURNS text LANGUAGE plpgsql AS $$BEGIN INSERT INTO crm.part VALUES (42, 1, c); RAISE EXCEPTION USING errcode = 'ZZ001';
		EXCEPTION WHEN unique_violation THEN RETURN 'there'; WHEN SQLSTATE 'ZZ001' THEN RETURN 'not'; END$$;
	GRANT ALL ON ALL TABLES IN SCHEMA crm TO anna, dispatcher, adm;));
my ($said) = (as($node, 'crm', 'postgres', q(SELECT contact_guard.protect('crm.contact', 'id', '{phone}', 'constant(WITHHELD)'))))[1];
like($said, qr/index "contact_phone_key" of relation "contact" tells whether a guarded value is stored/, 'protect() warns of an index that is there');
unlike($said, qr/contact_name_key|contact_pkey/, '... but not of others');
$node->safe_psql('crm', "SET client_min_messages = error; SELECT contact_guard.protect('crm.$_', 'customer_id', '{code}', 'constant(WITHHELD)')") foreach qw(later slot part lower);

# told(NAME, USER, SQL, EVENT, RELATION, COUNT): so many records of an event there
my $run = 0;
sub told
{
	my ($sql, $user, $event, $relation, $count) = @_;
	my $name = 'run' . ++$run;
	as($node, 'crm', $user, "SET application_name = '$name'; $sql");
	is(log_rows($node, 'crm', "application = '$name' AND event = '$event' AND relation = 'crm.$relation' AND customer IS NULL"),
		$count, "$user: $count $event: $sql");
	return;
}

my $known = phone_of(42);
foreach my $phone ($known, '0999')
{
	told("BEGIN; INSERT INTO crm.contact VALUES (9999, 'x', '$phone') ON CONFLICT (phone) DO UPDATE SET name = contact.name RETURNING id; ROLLBACK", 'anna', 'lookup', 'contact', 1);
	told("BEGIN; INSERT INTO crm.contact VALUES (9999, 'x', '$phone') ON CONFLICT DO NOTHING; ROLLBACK", 'anna', 'lookup', 'contact', 1);
	told("BEGIN; INSERT INTO crm.contact VALUES (9999, 'x', '$phone') ON CONFLICT ON CONSTRAINT contact_phone_key DO NOTHING; ROLLBACK", 'anna', 'lookup', 'contact', 1);
	told("BEGIN; INSERT INTO crm.contact SELECT 9000 + i, 'y' || i, '0999' || i FROM generate_series(1, 9) i ON CONFLICT (phone) DO NOTHING; ROLLBACK", 'anna', 'lookup', 'contact', 1);
	told("BEGIN; WITH i AS (INSERT INTO crm.contact VALUES (9999, 'x', '$phone') ON CONFLICT DO NOTHING RETURNING 1) SELECT count(*) FROM i; ROLLBACK", 'anna', 'lookup', 'contact', 1);
	told("BEGIN; UPDATE crm.contact SET phone = '$phone' WHERE id = 7; ROLLBACK", 'anna', 'lookup', 'contact', 1);
	told("BEGIN; MERGE INTO crm.contact c USING (VALUES (7)) v (id) ON v.id = c.id WHEN MATCHED THEN UPDATE SET phone = '$phone'; ROLLBACK", 'anna', 'lookup', 'contact', 1);
	told("BEGIN; PREPARE p (text) AS INSERT INTO crm.contact VALUES (9999, 'x', \$1) ON CONFLICT DO NOTHING; EXECUTE p ('$phone'); EXECUTE p ('1'); ROLLBACK", 'anna', 'lookup', 'contact', 2);
	told("BEGIN; INSERT INTO crm.contact VALUES (9999, 'x', '$phone') ON CONFLICT DO NOTHING; ROLLBACK", 'dispatcher', 'lookup', 'contact', 0);
}
# Nothing is learnt
told("BEGIN; INSERT INTO crm.contact VALUES (42, 'x', '1') ON CONFLICT (id) DO UPDATE SET name = 'y'; ROLLBACK", 'anna', 'lookup', 'contact', 0);
told("BEGIN; INSERT INTO crm.contact VALUES (9999, 'n7', '1') ON CONFLICT (name) DO UPDATE SET zone = 2; ROLLBACK", 'anna', 'lookup', 'contact', 0);
told("BEGIN; UPDATE crm.contact SET name = 'y' WHERE id = 42; ROLLBACK", 'anna', 'lookup', 'contact', 0);
told("BEGIN; INSERT INTO crm.contact VALUES (9999, 'x', '1'); ROLLBACK", 'anna', 'lookup', 'contact', 0);
told("INSERT INTO crm.contact VALUES (42, 'x', '1')", 'anna', 'refused', 'contact', 0);
told("INSERT INTO crm.contact VALUES (9999, 'n42', '1')", 'anna', 'refused', 'contact', 0);
# Deferrable, exclusion, a partition's own, an expression
told("INSERT INTO crm.later VALUES (42, 's')", 'anna', 'lookup', 'later', 1);
told("BEGIN; INSERT INTO crm.later VALUES (42, 's'); SET CONSTRAINTS ALL IMMEDIATE", 'anna', 'lookup', 'later', 1);
told("INSERT INTO crm.slot VALUES (42, 's') ON CONFLICT DO NOTHING", 'anna', 'lookup', 'slot', 1);
told("INSERT INTO crm.part VALUES (42, 2, 's2') ON CONFLICT DO NOTHING", 'anna', 'lookup', 'part', 1);
told("INSERT INTO crm.lower VALUES (42, 'S') ON CONFLICT ((lower(code))) DO NOTHING", 'anna', 'lookup', 'lower', 1);
told("UPDATE crm.part SET zone = 2 WHERE customer_id = 7", 'anna', 'lookup', 'part', 1);
is(log_rows($node, 'crm', q(event = 'lookup' AND actor = 'anna' AND reason IS DISTINCT FROM 'compared by a unique index, without permission')), 0, 'the reason');

# Errors
told("INSERT INTO crm.contact VALUES (9999, 'x', '$known')", 'anna', 'refused', 'contact', 1);
told("INSERT INTO crm.contact VALUES (9999, 'x', '$known')", 'dispatcher', 'refused', 'contact', 0);
told("INSERT INTO crm.contact VALUES (9999, 'x', '$known') ON CONFLICT (id) DO NOTHING", 'anna', 'refused', 'contact', 1);
told("MERGE INTO crm.contact c USING (VALUES (9999)) v (id) ON v.id = c.id WHEN NOT MATCHED THEN INSERT VALUES (9999, 'x', '$known')", 'anna', 'refused', 'contact', 1);
told("INSERT INTO crm.slot VALUES (42, 's')", 'anna', 'refused', 'slot', 1);
told("INSERT INTO crm.lower VALUES (42, 'S')", 'anna', 'refused', 'lower', 1);
told("INSERT INTO crm.part VALUES (42, 1, 's')", 'anna', 'refused', 'part_1', 1);
told("INSERT INTO crm.part VALUES (42, 2, 's2')", 'anna', 'refused', 'part_2', 1);
told("INSERT INTO crm.part_2 VALUES (42, 2, 's2')", 'anna', 'refused', 'part_2', 1);
told("COPY crm.part (customer_id, zone, code) FROM STDIN;\n42\t1\ts\n\\.\n", 'anna', 'refused', 'part_1', 1);
told("COPY crm.contact FROM STDIN;\n9999\tx\t$known\t1\n\\.\n", 'anna', 'refused', 'contact', 1);
told("COPY crm.contact FROM STDIN;\n42\tx\t1\t1\n\\.\n", 'anna', 'refused', 'contact', 0);
my ($out) = as($node, 'crm', 'anna', q(SET application_name = 'loop'; SELECT i FROM generate_series(1, 300) i, crm.try(CASE WHEN i % 2 = 0 THEN 's' ELSE 'no' END) t WHERE t = 'there'));
is(scalar(split /\n/, $out), 150, 'a loop finds out');
is($node->safe_psql('crm', q(SELECT contact_guard.sync(); SELECT count(*) < 5, sum(count) FROM contact_guard.access_log WHERE application = 'loop' AND event = 'refused')) =~ s/^\s+//r, 't|150', '... is counted, once each, in few records');
is($node->safe_psql('crm', q(SELECT sum(attempts) >= 150 FROM contact_guard.refused_attempts() WHERE actor = 'anna' AND relation = 'crm.part_1' AND reason LIKE '23505%')), 't', '... which auditors see');
is(log_rows($node, 'crm', q(reason LIKE '23%' AND reason LIKE '%' || '0600' || '%')), 0, 'no value in a reason');

# Who makes such an index
$node->safe_psql('crm', q(ALTER TABLE crm.contact OWNER TO dispatcher; ALTER TABLE crm.part OWNER TO dispatcher; ALTER TABLE crm.part_1 OWNER TO dispatcher;
	ALTER TABLE crm.part_2 OWNER TO dispatcher; GRANT CREATE ON SCHEMA crm TO dispatcher;
	SET client_min_messages = error; CREATE TABLE crm.hidden (id int, customer_id bigint NOT NULL, phone text, note text);
	SELECT contact_guard.protect('crm.hidden', 'customer_id', '{phone}', 'null', mode => 'hide'); ALTER TABLE crm.hidden OWNER TO dispatcher));
foreach my $ddl ('CREATE UNIQUE INDEX ON crm.contact (zone, phone)', 'ALTER TABLE crm.contact ADD UNIQUE (phone, id)', 'CREATE UNIQUE INDEX CONCURRENTLY ON crm.contact (phone)',
	'ALTER TABLE crm.contact DROP CONSTRAINT contact_pkey, ADD PRIMARY KEY (phone)', 'ALTER TABLE crm.contact ADD EXCLUDE (phone WITH =)',
	'CREATE UNIQUE INDEX ON crm.part (zone, customer_id, code)', 'CREATE UNIQUE INDEX ON crm.part_1 (code)',
	'CREATE TABLE crm.part_3 PARTITION OF crm.part (UNIQUE (code)) FOR VALUES IN (3)', 'CREATE TABLE crm.child (UNIQUE (phone)) INHERITS (crm.contact)',
	'CREATE UNIQUE INDEX ON crm.hidden (note)')
{
	is(state_of((as($node, 'crm', 'dispatcher', $ddl))[1]), '42501', "the owner: $ddl");
	next if $ddl =~ /CONCURRENTLY/;
	is((as($node, 'crm', 'adm', "BEGIN; $ddl; ROLLBACK"))[1], '', "an admin: $ddl");
}
foreach my $ddl ('CREATE INDEX ON crm.contact (phone)', 'CREATE UNIQUE INDEX ON crm.contact (zone, id)', 'CREATE UNIQUE INDEX ON crm.contact (id) INCLUDE (phone)', 'REINDEX TABLE CONCURRENTLY crm.contact',
	'CREATE TABLE crm.part_4 PARTITION OF crm.part FOR VALUES IN (4)', 'CREATE UNIQUE INDEX ON crm.hidden (customer_id)', 'ALTER TABLE crm.contact ALTER zone TYPE bigint')
{
	is((as($node, 'crm', 'dispatcher', $ddl))[1], '', "the owner may: $ddl");
}

# A key that is computed
$node->safe_psql('crm', q(CREATE TABLE crm.gen (ref text, customer_id bigint GENERATED ALWAYS AS (split_part(ref, '-', 1)::bigint) STORED, phone text)));
is(state_of((as($node, 'crm', 'postgres', q(SELECT contact_guard.protect('crm.gen', 'customer_id', '{phone}'))))[1]), '22023', 'protect() refuses a key that is computed');

$node->safe_psql('crm', q(SET client_min_messages = error; INSERT INTO crm.gen VALUES ('42-A', DEFAULT, 'SECRET'); GRANT ALL ON crm.gen TO anna, dispatcher;
	SECURITY LABEL FOR contact_guard ON TABLE crm.gen IS '{"protect": {"mode": "mask"}}';
	SECURITY LABEL FOR contact_guard ON COLUMN crm.gen.customer_id IS '{"protect": "customer"}';
	SECURITY LABEL FOR contact_guard ON COLUMN crm.gen.phone IS '{"protect": {"mask": "constant(WITHHELD)"}}';));
# PostgreSQL 16 allows no generated column in the place of a parent's plain one.
my $may_compute = $node->pg_version->major < 16;
$node->safe_psql('crm', q(SET client_min_messages = error;
	CREATE TABLE crm.base (ref text, customer_id bigint, phone text); GRANT ALL ON crm.base TO anna;
	CREATE TABLE crm.derived (ref text, customer_id bigint GENERATED ALWAYS AS (split_part(ref, '-', 1)::bigint) STORED, phone text);
	INSERT INTO crm.derived VALUES ('42-A', DEFAULT, 'SECRET'); ALTER TABLE crm.derived INHERIT crm.base;
	SELECT contact_guard.protect('crm.base', 'customer_id', '{phone}', 'constant(WITHHELD)'))) if $may_compute;
foreach my $sql ('SELECT * FROM crm.gen', !$may_compute ? () : (q(UPDATE crm.base SET ref = '7-A'), 'SELECT phone FROM crm.base', 'SELECT phone FROM crm.derived'))
{
	is(state_of((as($node, 'crm', 'anna', $sql))[1]), '55000', "a key that is computed breaks the policy: $sql");
}
like($node->safe_psql('crm', 'SELECT problems FROM contact_guard.status()'), qr/customer key .*customer_id.* is computed/, '... and status() says so');

# What EXPLAIN knows
$node->safe_psql('crm', q(SET client_min_messages = error; CREATE TABLE crm.nd (id int PRIMARY KEY, customer_id int NOT NULL, phone text, zone int);
	INSERT INTO crm.nd SELECT i, i % 2 + 41, 'S' || i % 7, i % 3 FROM generate_series(1, 1000) i; CREATE STATISTICS crm.nds (ndistinct) ON phone, zone FROM crm.nd; ANALYZE crm.nd;
	SELECT contact_guard.protect('crm.nd', 'customer_id', '{phone}', 'constant(WITHHELD)'); GRANT SELECT ON crm.nd TO anna, dispatcher));
foreach my $query ('SELECT DISTINCT phone FROM crm.nd', 'SELECT count(*) FROM crm.nd GROUP BY phone', 'SELECT DISTINCT phone, zone FROM crm.nd')
{
	($out) = as($node, 'crm', 'anna', "EXPLAIN $query");
	unlike($out, qr/Aggregate.*rows=(7|21) /, "no count of values: $query");
}
like(scalar as($node, 'crm', 'dispatcher', q(EXPLAIN SELECT id FROM crm.nd WHERE phone = 'S1')), qr/rows=14[0-9] /, 'a look-up has statistics');
like(scalar as($node, 'crm', 'anna', q(EXPLAIN SELECT DISTINCT zone FROM crm.nd)), qr/rows=3 /, 'other columns have, too');

# What pins a row
$node->safe_psql('crm', q(SET client_min_messages = error; CREATE COLLATION crm.ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
	CREATE TABLE crm.cc (code text PRIMARY KEY, v varchar(10) NOT NULL UNIQUE, c char(4) NOT NULL UNIQUE, i bigint NOT NULL UNIQUE, n text COLLATE crm.ci NOT NULL UNIQUE, customer_id bigint NOT NULL, phone text, note text);
	INSERT INTO crm.cc VALUES ('abc', 'abc', 'abc', 1, 'abc', 42, 'SECRET', ''), ('ABC', 'ABC', 'ABC', 2, 'd', 7, 'x', ''), ('abc ', 'abc ', 'abd', 3, 'e', 7, 'x', '');
	SELECT contact_guard.protect('crm.cc', 'customer_id', '{phone}', 'constant(WITHHELD)'); GRANT ALL ON crm.cc TO anna));
foreach my $where (q(code = 'Abc' COLLATE crm.ci), q(code::bpchar = 'abc'), q(v::bpchar = 'abc'), q(v = 'aBc' COLLATE crm.ci), q(lower(code) = 'abc'), q(code LIKE 'abc'))
{
	is(state_of((as($node, 'crm', 'anna', "UPDATE crm.cc SET note = 'x' WHERE $where AND phone = 'WITHHELD'"))[1]), '42501', "not pinned: $where");
}
foreach my $where (q(code = 'abc'), q(v = 'abc'), q('abc' = v), q(c = 'abc'), q(i = 1::int2), q(n = 'ABC'), q(code = 'abc' COLLATE "C"), q(code = 'abc' AND v = 'Abc' COLLATE crm.ci))
{
	is((as($node, 'crm', 'anna', "BEGIN; UPDATE crm.cc SET note = 'x' WHERE $where AND phone = 'WITHHELD'; ROLLBACK"))[1], '', "pinned: $where");
}

# Called by hand
foreach my $call (q(reveal_nullable('x'::text, 1, NULL)), q(keep('x'::text, 'y', 1, NULL)), q(reveal('x'::text, 1, NULL)), q(unmasked('x'::text, NULL)), q(found(1, NULL)), q(visible(1, NULL)), q(open_customers(1, NULL)))
{
	unlike((as($node, 'crm', 'anna', "SELECT contact_guard.$call"))[1], qr/cache lookup|XX000|server closed/, "by hand: $call");
}

$node->stop;
done_testing();
