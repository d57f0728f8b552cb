# The query side of "default deny": masks decide no write and are not inserted, rows
# without a customer, partitions guarded by themselves, statistics by other roads.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Test::More;

my $node = guard_node('query');
make_roles($node);
make_crm($node, 'crm', 60);
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	GRANT CREATE ON SCHEMA crm TO PUBLIC;
	ALTER TABLE crm.customer ADD email text, ADD version int NOT NULL DEFAULT 1;
	UPDATE crm.customer SET email = 'c' || id || '@mail.example';
	SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{email}', mask => 'null');
	CREATE TABLE crm.todo (id int PRIMARY KEY, customer_id bigint, what text);
	INSERT INTO crm.todo SELECT i, i, 'call' FROM generate_series(1, 60) i;
	CREATE FUNCTION crm.unreachable(bigint) RETURNS bool STABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN EXISTS (SELECT FROM crm.customer WHERE id = $1 AND email IS NULL); END$$;
	CREATE FUNCTION crm.email_of(bigint) RETURNS text STABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN (SELECT email FROM crm.customer WHERE id = $1); END$$;
	CREATE FUNCTION crm.unreachable_sql(bigint) RETURNS bool STABLE LANGUAGE sql
		AS $$SELECT email IS NULL FROM crm.customer WHERE id = $1$$;
	CREATE FUNCTION crm.folded() RETURNS bool IMMUTABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN EXISTS (SELECT FROM crm.customer WHERE id = 42 AND email IS NULL); END$$;
	CREATE VIEW crm.people AS SELECT id, name, phone, email FROM crm.customer;
	CREATE FUNCTION crm.email_folded(bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN (SELECT coalesce(email, 'none') FROM crm.customer WHERE id = $1); END$$;
	CREATE FUNCTION crm.email_or_none(bigint) RETURNS text STABLE LANGUAGE plpgsql
		AS $$BEGIN RETURN (SELECT coalesce(email, 'none') FROM crm.customer WHERE id = $1); END$$;
	CREATE FUNCTION crm.email_by_cursor() RETURNS text LANGUAGE plpgsql
		AS $$DECLARE c refcursor := 'same'; x int; BEGIN FETCH c INTO x; RETURN crm.email_or_none(42); END$$;
	CREATE FUNCTION crm.from_a_variable() RETURNS text VOLATILE LANGUAGE plpgsql
		AS $$DECLARE r text; BEGIN r := crm.email_folded(42); RETURN r; END$$;
	CREATE FUNCTION crm.drop_todo(bigint) RETURNS int LANGUAGE plpgsql
		AS $$BEGIN DELETE FROM crm.todo WHERE customer_id = $1; RETURN 1; END$$;
	CREATE FUNCTION crm.empty_todo(bigint) RETURNS int LANGUAGE plpgsql
		AS $$BEGIN EXECUTE 'TRUNCATE crm.todo'; RETURN 1; END$$;
	CREATE FUNCTION crm.tell_all() RETURNS int LANGUAGE plpgsql
		AS $$DECLARE r record; n int := 0; BEGIN FOR r IN SELECT id, email FROM crm.customer WHERE id > 50 LOOP
			INSERT INTO crm.todo VALUES (1000 + r.id, r.id, 'told'); n := n + 1; END LOOP; RETURN n; END$$;
	GRANT ALL ON ALL TABLES IN SCHEMA crm TO anna, dispatcher;
	CREATE SEQUENCE crm.counter;
	GRANT ALL ON SEQUENCE crm.counter TO anna;
	CREATE VIEW crm.with_todo AS SELECT c.id, c.email, t.what FROM crm.customer c JOIN crm.todo t ON t.customer_id = c.id;
	CREATE FUNCTION crm.with_todo_delete() RETURNS trigger LANGUAGE plpgsql
		AS $$BEGIN IF OLD.email IS NULL THEN DELETE FROM crm.todo WHERE customer_id = OLD.id; END IF; RETURN OLD; END$$;
	CREATE TRIGGER deletes INSTEAD OF DELETE ON crm.with_todo FOR EACH ROW EXECUTE FUNCTION crm.with_todo_delete();
	GRANT ALL ON crm.with_todo TO anna;
	CREATE VIEW crm.distinct_people AS SELECT DISTINCT ON (id) id, phone, email FROM crm.customer;
	GRANT ALL ON crm.distinct_people TO anna;
));

my $digest = q(SELECT md5(string_agg(c::text, ',' ORDER BY id)) FROM crm.customer c);
my $before = $node->safe_psql('crm', $digest);

# What a mask decides is an error, and nothing is written.
foreach my $statement (
	# the kinds of c01
	q(DELETE FROM crm.customer WHERE email IS NULL),
	q(DELETE FROM crm.customer WHERE phone LIKE '0600000%'),
	q(UPDATE crm.customer SET name = 'lost' WHERE phone !~ '^06[0-9]'),
	q(DELETE FROM crm.customer a USING crm.customer b WHERE a.phone = b.phone AND a.id > b.id),
	# round corners
	q(DELETE FROM crm.todo WHERE customer_id IN (SELECT id FROM crm.customer WHERE email IS NULL)),
	q(DELETE FROM crm.todo WHERE customer_id = ANY (ARRAY(SELECT id FROM crm.customer WHERE email IS NULL))),
	q(DELETE FROM crm.todo t WHERE (SELECT email FROM crm.customer c WHERE c.id = t.customer_id) IS NULL),
	q(DELETE FROM crm.todo WHERE customer_id IN (SELECT max(id) FROM crm.customer GROUP BY phone)),
	q(DELETE FROM crm.todo WHERE customer_id IN (SELECT DISTINCT ON (email) id FROM crm.customer)),
	q(DELETE FROM crm.todo WHERE customer_id IN (SELECT id FROM crm.customer ORDER BY phone LIMIT 3)),
	q(DELETE FROM crm.todo WHERE customer_id IN (SELECT id FROM (SELECT id, rank() OVER (ORDER BY phone) r FROM crm.customer) s WHERE r = 1)),
	q(WITH c AS (SELECT id, email FROM crm.customer) DELETE FROM crm.todo USING c WHERE c.id = customer_id AND c.email IS NULL),
	q(WITH c AS MATERIALIZED (SELECT id, email FROM crm.customer) DELETE FROM crm.todo USING c WHERE c.id = customer_id AND c.email IS NULL),
	q(WITH d AS (DELETE FROM crm.customer WHERE email IS NULL RETURNING id) SELECT count(*) FROM d),
	q(WITH d AS (DELETE FROM crm.customer WHERE id > 40 RETURNING id, email) DELETE FROM crm.todo USING d WHERE d.id = customer_id AND d.email IS NULL),
	q(DELETE FROM crm.todo USING crm.people p WHERE p.id = customer_id AND p.email IS NULL),
	q(DELETE FROM crm.todo USING crm.distinct_people p WHERE p.id = customer_id AND p.email IS NULL),
	q(DELETE FROM crm.todo USING (crm.people a JOIN crm.people b USING (phone)) WHERE a.id = customer_id AND b.id = 42),
	q(DELETE FROM crm.todo USING (SELECT id, email e FROM crm.customer UNION ALL SELECT 1, 'x') u WHERE u.id = customer_id AND u.e IS NULL),
	q(DELETE FROM crm.todo USING crm.customer c, LATERAL (SELECT c.email AS e) l WHERE c.id = customer_id AND l.e IS NULL),
	q(DELETE FROM crm.todo USING crm.customer c, LATERAL unnest(ARRAY[c.email]) e WHERE c.id = customer_id AND e IS NULL),
	q(INSERT INTO crm.todo SELECT 100 + id, id, 'x' FROM crm.customer WHERE email IS NULL),
	q(INSERT INTO crm.todo VALUES (100, 1, (SELECT string_agg(id::text, ' ') FROM crm.customer WHERE email IS NULL))),
	q(INSERT INTO crm.todo VALUES (1, 1, 'x') ON CONFLICT (id) DO UPDATE SET what = 'y' WHERE EXISTS (SELECT FROM crm.customer WHERE email IS NULL)),
	q(UPDATE crm.todo SET what = (SELECT name FROM crm.customer WHERE email IS NULL LIMIT 1)),
	q(MERGE INTO crm.todo t USING crm.customer c ON c.id = t.customer_id WHEN MATCHED AND c.email IS NULL THEN DELETE),
	q(MERGE INTO crm.todo t USING crm.customer c ON c.id = t.customer_id AND c.email IS NULL WHEN MATCHED THEN DELETE),
	q(MERGE INTO crm.todo t USING (SELECT id FROM crm.customer WHERE email IS NULL) c ON c.id = t.customer_id WHEN MATCHED THEN DELETE),
	q(CREATE TABLE crm.doomed AS SELECT id FROM crm.customer WHERE email IS NULL),
	q(CREATE TEMP TABLE doomed AS SELECT id FROM crm.customer WHERE id > 40 GROUP BY id, phone HAVING phone LIKE '06%'),
	q(SELECT id INTO TEMP doomed FROM crm.customer WHERE email IS NULL),
	q(CREATE MATERIALIZED VIEW crm.doomed AS SELECT id FROM crm.customer WHERE email IS NULL),
	# functions, called and inlined
	q(DELETE FROM crm.todo WHERE crm.unreachable(customer_id)),
	q(DELETE FROM crm.todo WHERE crm.email_of(customer_id) IS NULL),
	q(DELETE FROM crm.todo WHERE crm.unreachable_sql(customer_id)),
	q(UPDATE crm.todo SET what = 'x' WHERE crm.unreachable(customer_id)),
	q(DELETE FROM crm.todo WHERE crm.folded()),
	# what a CTE writes, called functions must not have chosen or read
	q(WITH d AS (DELETE FROM crm.todo WHERE crm.unreachable(customer_id) RETURNING id) SELECT count(*) FROM d),
	q(WITH i AS (INSERT INTO crm.todo VALUES (100, 1, crm.email_or_none(42)) RETURNING id) SELECT * FROM i),
	q(WITH u AS (UPDATE crm.todo SET what = crm.email_or_none(customer_id) WHERE id = 42 RETURNING id) DELETE FROM crm.todo t USING u WHERE u.id + 1 = t.id),
	# folded when the plan is made
	q(CREATE TEMP TABLE folded AS SELECT crm.email_folded(42)),
	q(SELECT crm.email_folded(42) AS e INTO TEMP folded),
	q(CREATE MATERIALIZED VIEW crm.doomed AS SELECT crm.email_folded(42) AS e),
	q(EXPLAIN ANALYZE CREATE TEMP TABLE folded AS SELECT crm.email_folded(42)),
	q(INSERT INTO crm.todo SELECT 100, 1, x FROM regexp_split_to_table(crm.email_folded(42), ' ') x),
	q(DELETE FROM crm.todo t USING generate_series(1, CASE crm.email_folded(42) WHEN 'none' THEN 3 ELSE 0 END) g WHERE g = t.id),
	q(WITH i AS (INSERT INTO crm.todo VALUES (100, 1, crm.email_folded(42)) RETURNING id) SELECT * FROM i),
	q(PREPARE p AS SELECT crm.email_folded(42) AS e; EXECUTE p; CREATE TEMP TABLE folded AS EXECUTE p),
	q(SELECT crm.from_a_variable(); INSERT INTO crm.todo VALUES (100, 1, crm.from_a_variable())),
	# utility commands that evaluate expressions
	q(PREPARE p (text) AS INSERT INTO crm.todo VALUES (100, 1, $1); EXECUTE p (crm.email_or_none(42))),
	q(BEGIN; PREPARE p (text) AS INSERT INTO crm.todo VALUES (100, 1, $1); DECLARE same CURSOR FOR SELECT 1; EXECUTE p (crm.email_by_cursor()); COMMIT),
	q(PREPARE p (text) AS DELETE FROM crm.todo WHERE id < 10 AND $1 = 'none'; EXECUTE p (crm.email_or_none(42))),
	q(PREPARE p (text) AS WITH i AS (INSERT INTO crm.todo VALUES (100, 1, $1) RETURNING 1) SELECT * FROM i; EXECUTE p (crm.email_or_none(42))),
	q(PREPARE p (text) AS INSERT INTO crm.todo VALUES (100, 1, $1); EXPLAIN ANALYZE EXECUTE p (crm.email_or_none(42))),
	q(PREPARE p (text) AS SELECT $1 AS e; CREATE TEMP TABLE told AS EXECUTE p (crm.email_or_none(42))),
	q(CREATE TEMP TABLE told (i int); INSERT INTO told VALUES (1); ALTER TABLE told ADD e text DEFAULT crm.email_or_none(42)),
	q(CREATE TEMP TABLE told (i bigint); INSERT INTO told VALUES (42); ALTER TABLE told ALTER i TYPE text USING crm.email_or_none(i)),
	q(CREATE TEMP TABLE told (i bigint); INSERT INTO told VALUES (42); CREATE INDEX ON told (crm.email_folded(i))),
	q(CREATE TEMP TABLE told (i bigint); INSERT INTO told VALUES (42); ALTER TABLE told ADD CHECK (crm.email_folded(i) = 'none')),
	"CREATE TEMP TABLE told (i bigint, e text DEFAULT crm.email_or_none(42));\nCOPY told (i) FROM STDIN;\n1\n\\.\n",
	"COPY crm.todo FROM STDIN WHERE crm.unreachable(customer_id);\n100\t42\tx\n\\.\n",
	# sets, orders, and triggers instead
	q(DELETE FROM crm.todo t USING (SELECT id, regexp_matches(phone, '[*]') FROM crm.customer) s WHERE s.id = t.customer_id),
	q(WITH s AS MATERIALIZED (SELECT id, unnest(CASE WHEN email IS NULL THEN ARRAY[1] END) FROM crm.customer) DELETE FROM crm.todo t USING s WHERE s.id = t.customer_id),
	q(DELETE FROM crm.todo t USING (SELECT id, generate_series(1, length(phone)) FROM crm.customer UNION ALL SELECT NULL, NULL) s WHERE s.id = t.customer_id),
	q(DELETE FROM crm.todo t USING (SELECT id FROM (SELECT id FROM crm.customer ORDER BY phone DESC) s LIMIT 5) s WHERE s.id = t.customer_id),
	q(DELETE FROM crm.todo t USING (SELECT id, row_number() OVER () n FROM (SELECT id FROM crm.customer ORDER BY phone DESC) s) s WHERE s.id = t.customer_id AND n < 5),
	q(DELETE FROM crm.todo t USING (SELECT (array_agg(id))[1:3] a FROM (SELECT id FROM crm.customer ORDER BY phone DESC) s) s WHERE t.id = ANY (a)),
	q(DELETE FROM crm.todo WHERE id = ANY ((ARRAY(SELECT id FROM crm.customer ORDER BY phone DESC))[1:3])),
	q(DELETE FROM crm.todo t USING (SELECT id FROM crm.customer ORDER BY phone DESC) s WHERE s.id = t.customer_id AND nextval('crm.counter') < 5),
	q(WITH x AS (SELECT id FROM crm.customer ORDER BY phone), y AS (SELECT id FROM x LIMIT 5), d AS (DELETE FROM crm.todo USING y WHERE y.id = customer_id RETURNING 1) SELECT count(*) FROM d),
	q(DELETE FROM crm.with_todo WHERE id = 42),
	# a SELECT that calls what writes
	q(SELECT count(crm.drop_todo(id)) FROM crm.customer WHERE email IS NULL),
	q(SELECT count(*) FROM crm.customer c, LATERAL crm.drop_todo(c.id) WHERE c.email IS NULL),
	q(SELECT crm.empty_todo(id) FROM crm.customer WHERE phone LIKE '%*%' LIMIT 1),
	q(SELECT crm.drop_todo(id) FROM (SELECT id FROM crm.customer ORDER BY phone LIMIT 3) s),
	q(SELECT query_to_xml('DELETE FROM crm.todo WHERE customer_id = ' || id, false, false, '') FROM crm.customer WHERE email IS NULL),
	q(SELECT setval('crm.counter', id) FROM crm.customer WHERE email IS NULL),
	q(SELECT setval('crm.counter', length(phone)) FROM crm.customer WHERE id = 42),
	q(SELECT pg_notify('lost', id::text) FROM crm.customer WHERE email IS NULL),
	# pinned, but not by a full unique key, or not by such a condition
	q(UPDATE crm.customer SET name = 'x' WHERE id > 41 AND email IS NULL),
	q(UPDATE crm.customer SET name = 'x' WHERE id = ANY ('{42}') AND email IS NULL),
	q(UPDATE crm.customer SET name = 'x' WHERE id = 42 AND phone LIKE '06%'),
	q(UPDATE crm.customer SET name = 'x' WHERE id = 42 AND lower(phone) = 'x'),
	q(UPDATE crm.customer SET name = 'x' WHERE (id = 42 OR true) AND email IS NULL),
	q(UPDATE crm.customer c SET name = 'x' FROM crm.todo t WHERE c.id = t.customer_id AND c.email IS NULL),
	q(DELETE FROM crm.customer WHERE id = 42 AND email IS NULL),
	# the row at which a cursor stands
	q(BEGIN; DECLARE c CURSOR FOR SELECT * FROM crm.customer WHERE email IS NULL; MOVE 1 c; DELETE FROM crm.customer WHERE CURRENT OF c),
	q(BEGIN; DECLARE c CURSOR FOR SELECT t.* FROM crm.todo t, crm.customer c WHERE c.id = t.customer_id AND c.email IS NULL FOR UPDATE OF t; MOVE 1 c; DELETE FROM crm.todo WHERE CURRENT OF c),
	q(BEGIN; DECLARE c CURSOR FOR SELECT * FROM crm.todo WHERE crm.unreachable(customer_id) FOR UPDATE; MOVE 1 c; DELETE FROM crm.todo WHERE CURRENT OF c),
	q(BEGIN; DECLARE c CURSOR FOR SELECT * FROM crm.todo WHERE crm.email_of(customer_id) IS NULL FOR UPDATE; MOVE 1 c; DELETE FROM crm.todo WHERE CURRENT OF c),
	q(BEGIN; DECLARE c CURSOR FOR SELECT t.*, regexp_matches(c.phone, '[*]') FROM crm.todo t JOIN crm.customer c ON c.id = t.customer_id; MOVE 1 c; DELETE FROM crm.todo WHERE CURRENT OF c),
	q(BEGIN; DECLARE c CURSOR FOR SELECT t.* FROM crm.todo t JOIN crm.customer c ON c.id = t.customer_id ORDER BY c.phone DESC; MOVE 1 c; DELETE FROM crm.todo WHERE CURRENT OF c),
	q(DO $$DECLARE c CURSOR FOR SELECT * FROM crm.customer WHERE email IS NULL FOR UPDATE; BEGIN FOR r IN c LOOP DELETE FROM crm.customer WHERE CURRENT OF c; END LOOP; END$$))
{
	my ($out, $err) = as($node, 'crm', 'anna', $statement);
	is(state_of($err), '42501', "refused: $statement");
	like($err, qr/withheld values/, '... because of a mask');
}
is($node->safe_psql('crm', $digest), $before, 'nothing has been written');

# Nothing of it is refused where no mask decides.
foreach my $statement (
	q(DELETE FROM crm.customer WHERE id = 7 AND phone = '0600000007'),
	q(DELETE FROM crm.customer WHERE id <= 20 AND email IS NULL),
	q(DELETE FROM crm.todo WHERE customer_id IN (SELECT id FROM crm.customer WHERE name LIKE 'Customer 4%')),
	q(UPDATE crm.todo t SET what = 'x' FROM crm.people p WHERE p.id = t.customer_id),
	q(DELETE FROM crm.todo t USING crm.people p WHERE p.id = t.customer_id RETURNING p.phone, p.email),
	q(DELETE FROM crm.todo t USING crm.distinct_people p WHERE p.id = t.customer_id RETURNING p.phone),
	q(WITH c AS (SELECT id, phone FROM crm.customer) DELETE FROM crm.todo USING c WHERE c.id = customer_id RETURNING c.phone),
	q(WITH d AS (DELETE FROM crm.customer WHERE id > 40 RETURNING id, phone) SELECT * FROM d),
	q(WITH d AS (DELETE FROM crm.todo RETURNING customer_id) SELECT phone FROM crm.customer JOIN d ON id = customer_id WHERE email IS NULL),
	q(UPDATE crm.customer SET name = 'x' WHERE id = 42 RETURNING phone, email),
	q(SELECT crm.email_folded(42), crm.from_a_variable()),
	q(PREPARE p AS SELECT crm.email_folded(42) AS e; EXECUTE p; EXECUTE p),
	q(PREPARE p (text) AS SELECT phone FROM crm.customer WHERE email IS DISTINCT FROM $1; EXECUTE p (crm.email_or_none(42))),
	q(PREPARE p (bigint) AS DELETE FROM crm.todo USING crm.customer c WHERE c.id = customer_id AND c.id = $1 RETURNING c.phone, c.email; EXECUTE p (42); EXPLAIN ANALYZE EXECUTE p (42)),
	q(PREPARE p (bigint) AS UPDATE crm.customer SET name = 'x' WHERE id = $1 RETURNING phone; EXECUTE p (42)),
	q(INSERT INTO crm.todo SELECT 100 + id, id, name FROM crm.customer ORDER BY phone, id),
	q(DELETE FROM crm.todo t USING (SELECT id FROM crm.customer ORDER BY phone) s WHERE s.id = t.customer_id),
	q(DELETE FROM crm.with_todo WHERE id = 7),
	q(SELECT crm.tell_all()),
	q(SELECT crm.drop_todo(id), phone, crm.email_of(id) FROM crm.customer ORDER BY phone),
	q(SELECT crm.drop_todo(id) FROM crm.customer WHERE id = 7 AND phone = '0600000007'),
	q(SELECT nextval('crm.counter'), random() FROM crm.customer WHERE email IS NULL),
	q(DO $$BEGIN PERFORM id FROM crm.customer WHERE email IS NULL; DELETE FROM crm.todo WHERE id = 1; END$$),
	q(DECLARE c CURSOR FOR SELECT t.*, (SELECT phone FROM crm.customer c WHERE c.id = t.customer_id) FROM crm.todo t FOR UPDATE OF t; FETCH 1 c; DELETE FROM crm.todo WHERE CURRENT OF c),
	# optimistic locking
	q(UPDATE crm.customer SET name = 'x', version = 2 WHERE id = 42 AND version = 1),
	q(UPDATE crm.customer SET name = 'x' WHERE id = 42 AND email IS NOT DISTINCT FROM NULL AND phone = '0600****42'),
	q(UPDATE crm.customer SET name = 'x' WHERE id = 42 AND (email = 'a' OR (email IS NULL AND NULL IS NULL))),
	q(UPDATE crm.customer SET name = 'x' WHERE ctid = (SELECT '(0,1)'::tid) AND id > 0),
	q(PREPARE p (bigint, text) AS UPDATE crm.customer SET name = 'x' WHERE id = $1 AND phone IS NOT DISTINCT FROM $2; EXECUTE p (42, 'y')),
	q(INSERT INTO crm.customer (id, name) VALUES (42, 'x') ON CONFLICT (id) DO UPDATE SET name = 'y' WHERE customer.phone <> 'x'),
	q(DECLARE c CURSOR FOR SELECT * FROM crm.customer WHERE id = 42 FOR UPDATE; MOVE 1 c; UPDATE crm.customer SET name = 'x' WHERE CURRENT OF c))
{
	my ($out, $err) = as($node, 'crm', 'anna', "BEGIN; $statement; ROLLBACK");
	is($err, '', "allowed: $statement");
}
my (undef, $err) = as($node, 'crm', 'dispatcher', 'BEGIN; DELETE FROM crm.customer WHERE email IS NULL; ROLLBACK');
is($err, '', 'a standing permission decides by values');

# Masks are not inserted.
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE TABLE crm.lead (id int GENERATED ALWAYS AS IDENTITY, n int UNIQUE, customer_id bigint NOT NULL, phone text DEFAULT 'WITHHELD',
		code text, mail text, pseudo text);
	INSERT INTO crm.lead (n, customer_id, phone, code, mail, pseudo) VALUES (1, 42, '0611111111', '12345', 'bob@mail.example', 'secret'), (2, 7, 'a', '12345', 'd@x.fr', 'e');
	SELECT contact_guard.protect('crm.lead', 'customer_id', '{phone}', 'constant(WITHHELD)');
	SELECT contact_guard.protect('crm.lead', 'customer_id', '{code}', 'partial(2,2)');
	SELECT contact_guard.protect('crm.lead', 'customer_id', '{mail}', 'email');
	SELECT contact_guard.protect('crm.lead', 'customer_id', '{pseudo}', 'pseudonym');
	GRANT ALL ON crm.lead TO anna, dispatcher;));
foreach my $statement (
	q(INSERT INTO crm.lead (customer_id, phone) VALUES (42, 'WITHHELD')),
	q(INSERT INTO crm.lead (customer_id, phone) VALUES (42, 'a'), (42, 'WITHHELD')),
	q(INSERT INTO crm.lead (customer_id) VALUES (42)),
	q(INSERT INTO crm.lead (customer_id, phone, code) SELECT 42, 'a', '12' || repeat('*', 6) || '45'),
	q(INSERT INTO crm.lead (customer_id, phone, mail) VALUES (42, 'a', 'b***@***.example')),
	q(INSERT INTO crm.lead (n, customer_id, phone) VALUES (77, 42, 'WITHHELD') ON CONFLICT (n) DO UPDATE SET phone = excluded.phone),
	q(MERGE INTO crm.lead l USING (VALUES (78, 'WITHHELD')) v (n, p) ON l.n = v.n WHEN NOT MATCHED THEN INSERT (n, customer_id, phone) VALUES (v.n, 42, v.p)),
	q(UPDATE crm.lead SET phone = 'WITHHELD' WHERE n = 2 AND false OR customer_id = 42 AND mail IS NULL),
	q(PREPARE p (text) AS INSERT INTO crm.lead (customer_id, phone) VALUES (42, $1); EXECUTE p ('WITHHELD')))
{
	my ($out, $err) = as($node, 'crm', 'anna', $statement);
	is(state_of($err), '42501', "refused: $statement");
}
my $anna = session($node, 'crm', 'anna');
my ($code, $pseudo) = split /\|/, $anna->query('SELECT code, pseudo FROM crm.lead WHERE n = 1');
is($code, '12*45', 'a mask with one star');
like($pseudo, qr/^[0-9a-f]{16}$/, 'a pseudonym');
foreach my $column ("code = '$code'", "pseudo = '$pseudo'")
{
	my ($name, $value) = split / = /, $column;
	$anna->{stderr} = '';
	$anna->query("INSERT INTO crm.lead (customer_id, phone, $name) VALUES (42, 'a', $value)");
	like($anna->{stderr}, qr/the mask of guarded column crm\.lead\.$name cannot be stored/, "what the session was shown: $column");
}
$anna->{stderr} = '';
$anna->query(q(UPDATE crm.lead SET customer_id = customer_id, phone = 'WITHHELD' WHERE n = 2));
is($node->safe_psql('crm', 'SELECT phone FROM crm.lead WHERE n = 2'), 'a', 'a mask that is written back where a window is open leaves the value');
$anna->query(q(UPDATE crm.lead SET mail = 'x***@***.com' WHERE n = 2));
like($anna->{stderr}, qr/the mask of guarded column crm\.lead\.mail cannot be stored/, "... and another customer's mask is refused");
$anna->quit;
foreach my $user (qw(anna dispatcher))
{
	my (undef, $err) = as($node, 'crm', $user, q(INSERT INTO crm.lead (customer_id, phone, code, mail, pseudo) VALUES (42, '+33 6', '12*34', 'j*@x.fr', '0123456789abcdef'), (42, NULL, '*31#', '', '')));
	is($err, '', "$user inserts honest values");
}
(undef, $err) = as($node, 'crm', 'dispatcher', q(INSERT INTO crm.lead (customer_id, phone) VALUES (42, 'WITHHELD')));
is($err, '', 'whoever is shown all values has read no mask');

# Rows without a customer
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE TABLE crm.nobody (id int PRIMARY KEY, customer_id bigint, phone text);
	CREATE TABLE crm.nobody_hidden (id int PRIMARY KEY, customer_id bigint, phone text, note text);
	INSERT INTO crm.nobody VALUES (1, NULL, 'SECRET-1'), (2, 42, 'SECRET-2'), (3, 7, 'SECRET-3');
	INSERT INTO crm.nobody_hidden VALUES (1, NULL, 'SECRET-1', 'n'), (3, 7, 'SECRET-3', 'n');
	SELECT contact_guard.protect('crm.nobody', 'customer_id', '{phone}', 'constant(WITHHELD)');
	SELECT contact_guard.protect('crm.nobody_hidden', 'customer_id', '{phone}', 'constant(WITHHELD)', mode => 'hide');
	GRANT ALL ON crm.nobody, crm.nobody_hidden TO anna, dispatcher;));
my ($out) = as($node, 'crm', 'anna', q(SET application_name = 'nobody'; SELECT id, phone FROM crm.nobody ORDER BY id));
is($out, "1|WITHHELD\n2|WITHHELD\n3|SECRET-3", 'a row without a customer is withheld');
is(log_rows($node, 'crm', q(application = 'nobody' AND event = 'withheld' AND customer IS NULL AND reason = 'no customer')), 1, '... on record');
($out) = as($node, 'crm', 'anna', q(SET application_name = 'whole'; SELECT n FROM crm.nobody n WHERE id = 1));
is($out, '(1,,WITHHELD)', '... as a row');
($out) = as($node, 'crm', 'dispatcher', q(SET application_name = 'all'; SELECT id, phone FROM crm.nobody ORDER BY id));
is($out, "1|SECRET-1\n2|SECRET-2\n3|SECRET-3", 'a standing permission shows it');
is(log_rows($node, 'crm', q(application = 'all' AND event = 'shown' AND customer IS NULL)), 1, '... on record');
($out) = as($node, 'crm', 'dispatcher', q(SET application_name = 'lookup'; SELECT id FROM crm.nobody WHERE phone = 'SECRET-1'));
is($out, '1', '... and finds it');
is(log_rows($node, 'crm', q(application = 'lookup' AND event = 'shown' AND customer IS NULL)), 1, '... on record');
is((as($node, 'crm', 'anna', 'SELECT count(*) FROM crm.nobody_hidden'))[0], '1', 'in mode hide it does not exist');
is((as($node, 'crm', 'dispatcher', 'SELECT count(*) FROM crm.nobody_hidden'))[0], '2', '... but for a standing permission');
foreach my $statement (
	q(UPDATE crm.nobody SET customer_id = 7 WHERE id = 1),
	q(UPDATE crm.nobody SET customer_id = NULL WHERE id = 3),
	q(UPDATE crm.nobody SET phone = 'x' WHERE id = 1),
	q(UPDATE crm.nobody SET phone = NULL WHERE id = 1),
	q(INSERT INTO crm.nobody VALUES (1, 7, 'x') ON CONFLICT (id) DO UPDATE SET customer_id = excluded.customer_id),
	q(MERGE INTO crm.nobody n USING (VALUES (1)) v (id) ON v.id = n.id WHEN MATCHED THEN UPDATE SET customer_id = 7),
	q(CREATE TEMP TABLE t AS SELECT phone FROM crm.nobody WHERE id = 1),
	q(DELETE FROM crm.nobody WHERE phone = 'WITHHELD'))
{
	is(state_of((as($node, 'crm', 'anna', $statement))[1]), '42501', "refused: $statement");
}
($out) = as($node, 'crm', 'anna', q(SET application_name = 'outer'; SELECT i, n.phone, n IS NULL FROM (VALUES (1), (99)) v (i) LEFT JOIN crm.nobody n ON n.id = v.i AND i > 50));
is($out, "1||t\n99||t", 'the row of an outer join that has nothing to join');
is(log_rows($node, 'crm', q(application = 'outer' AND event IN ('shown', 'withheld'))), 0, '... is no read');
(undef, $err) = as($node, 'crm', 'anna', q(BEGIN; DELETE FROM crm.todo t USING crm.customer c LEFT JOIN crm.nobody n ON n.customer_id = c.id WHERE c.id = t.customer_id AND c.id > 50 AND n.phone IS NULL; ROLLBACK));
is($err, '', '... and decides what it likes');
# A plan that was made while there could be none
my $session = session($node, 'crm', 'anna');
$node->safe_psql('crm', 'CREATE TABLE crm.later (id int, customer_id bigint NOT NULL, phone text); GRANT ALL ON crm.later TO anna; INSERT INTO crm.later VALUES (1, 42, \'SECRET\')');
$node->safe_psql('crm', q(SELECT contact_guard.protect('crm.later', 'customer_id', '{phone}', 'constant(WITHHELD)')));
$session->query('SET plan_cache_mode = force_generic_plan; PREPARE p AS SELECT phone FROM crm.later');
is($session->query('EXECUTE p'), 'WITHHELD', 'a plan while the key is NOT NULL');
$node->safe_psql('crm', 'ALTER TABLE crm.later ALTER customer_id DROP NOT NULL; UPDATE crm.later SET customer_id = NULL');
is($session->query('EXECUTE p'), 'WITHHELD', '... and when it is no more');
$session->quit;

# Partitions that are guarded by themselves
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE TABLE crm.free (id int, zone text, customer_id bigint, code text, note text, PRIMARY KEY (id, zone)) PARTITION BY LIST (zone);
	CREATE TABLE crm.free_n PARTITION OF crm.free FOR VALUES IN ('n');
	CREATE TABLE crm.free_s PARTITION OF crm.free FOR VALUES IN ('s');
	INSERT INTO crm.free SELECT i, 'n', i, 'SECRET-' || i, 'note' FROM generate_series(1, 60) i;
	ANALYZE crm.free;
	CREATE TABLE crm.loose (LIKE crm.free) PARTITION BY LIST (zone);
	ALTER TABLE crm.loose ADD PRIMARY KEY (id, zone);
	CREATE TABLE crm.loose_n PARTITION OF crm.loose FOR VALUES IN ('n');
	INSERT INTO crm.loose SELECT id, zone, customer_id, code, 'SECRET-NOTE' FROM crm.free;
	ANALYZE crm.loose;
	GRANT ALL ON crm.free, crm.free_n, crm.free_s, crm.loose, crm.loose_n TO anna, dispatcher;
	GRANT pg_read_all_data TO eve;));
# A plan that is older than the guard
$session = session($node, 'crm', 'anna');
$session->query(q(SET plan_cache_mode = force_generic_plan; PREPARE p AS INSERT INTO crm.free VALUES (42, 'n', 7, 'x', 'x') ON CONFLICT (id, zone) DO UPDATE SET note = free.note RETURNING code));
is($session->query('BEGIN; EXECUTE p; ROLLBACK'), 'SECRET-42', 'an upsert through a table that is not guarded');
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	SELECT contact_guard.protect('crm.free_n', 'customer_id', '{code}', 'constant(WITHHELD)');
	SELECT contact_guard.protect('crm.loose', 'customer_id', '{code}', 'constant(WITHHELD)');
	SELECT contact_guard.protect('crm.loose_n', 'customer_id', '{code}', 'constant(WITHHELD)', mode => 'hide');));
$session->query('ROLLBACK');
$session->{stderr} = '';
unlike($session->query('EXECUTE p') . $session->{stderr}, qr/SECRET/, '... tells nothing when a partition is');
$session->quit;
foreach my $statement (
	q(INSERT INTO crm.free VALUES (42, 'n', 7, 'x', 'x') ON CONFLICT (id, zone) DO UPDATE SET note = free.note RETURNING *),
	q(INSERT INTO crm.free VALUES (42, 'n', 7, 'x', 'x') ON CONFLICT (id, zone) DO UPDATE SET note = 'x' WHERE free.code LIKE 'S%'),
	q(WITH i AS (INSERT INTO crm.free VALUES (42, 'n', 7, 'x', 'x') ON CONFLICT (id, zone) DO UPDATE SET note = free.code RETURNING *) SELECT * FROM i),
	q(MERGE INTO crm.free f USING (VALUES (42)) v (i) ON v.i = f.id WHEN MATCHED THEN UPDATE SET note = code),
	q(UPDATE crm.free SET zone = 's' RETURNING code),
	q(SELECT note FROM crm.loose),
	q(DELETE FROM crm.loose RETURNING note),
	q(INSERT INTO crm.loose VALUES (42, 'n', 7, 'x', 'x') ON CONFLICT (id, zone) DO UPDATE SET note = loose.note RETURNING *))
{
	my ($out, $err) = as($node, 'crm', 'anna', $statement);
	is(state_of($err), '0A000', "refused: $statement");
	unlike($out . $err, qr/SECRET/, '... without a value');
}
foreach my $statement (
	q(INSERT INTO crm.free VALUES (101, 'n', 7, 'x', 'x') RETURNING *),
	q(INSERT INTO crm.free VALUES (102, 'n', 7, 'x', 'x') ON CONFLICT DO NOTHING),
	q(INSERT INTO crm.free VALUES (103, 's', 7, 'x', 'x')),
	q(UPDATE crm.free_s SET note = 'y' WHERE id = 103))
{
	is((as($node, 'crm', 'anna', $statement))[1], '', "allowed: $statement");
}
is(state_of((as($node, 'crm', 'anna', q(INSERT INTO crm.free VALUES (104, 'n', 7, 'WITHHELD', 'x'))))[1]), '42501', 'no mask goes into the partition through its table');

# Statistics by other roads
foreach my $statement (
	q(SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename ~ 'free|loose|customer'),
	q(SELECT stavalues1, stavalues2 FROM pg_statistic),
	q(COPY pg_statistic TO STDOUT),
	q(COPY (SELECT * FROM pg_stats) TO STDOUT),
	q(SELECT chunk_data FROM pg_toast.pg_toast_2619),
	q(SELECT chunk_data FROM pg_toast.pg_toast_3429))
{
	my ($out, $err) = as($node, 'crm', 'eve', $statement);
	ok($out . $err !~ /SECRET-|\b06000000|5345435245/, "tells nothing: $statement");
}
is(state_of((as($node, 'crm', 'eve', 'SELECT * FROM pg_toast.pg_toast_2619'))[1]), '42501', 'long statistics are refused');

# Names in records do not depend on the reader's settings
as($node, 'crm', 'anna', q(SET application_name = 'quoted'; SET quote_all_identifiers = on; SELECT phone FROM crm.customer WHERE id = 7));
is(log_rows($node, 'crm', q(application = 'quoted' AND relation = 'crm.customer')), 1, 'quote_all_identifiers changes no name in the log');
# Estimates of the log call nobody's operator with its values
$node->safe_psql('crm', q(CREATE ROLE auditor LOGIN IN ROLE contact_guard_auditor; GRANT CREATE ON SCHEMA crm TO auditor; SELECT contact_guard.sync(); ANALYZE contact_guard.log));
($out, $err) = as($node, 'crm', 'auditor', q(
	CREATE FUNCTION crm.tell(text, text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'told %', $1; RETURN true; END$$;
	CREATE OPERATOR crm.=== (FUNCTION = crm.tell, LEFTARG = text, RIGHTARG = text, RESTRICT = eqsel);
	EXPLAIN SELECT * FROM contact_guard.log WHERE actor OPERATOR(crm.===) 'x'));
unlike($err, qr/told/, "EXPLAIN with an operator of the auditor's own tells nothing");

is($node->safe_psql('crm', 'SELECT 1'), '1', 'the server is there');
done_testing();
