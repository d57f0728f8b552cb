# Code that stored values meet: what the definition of a guarded relation calls is
# harmless by itself or trusted, and what a trusted function reaches is so, too.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('code', 'autovacuum = off', 'log_min_messages = fatal');
$node->safe_psql('postgres', q(
	CREATE DATABASE crm;
	CREATE ROLE owner LOGIN; CREATE ROLE anna LOGIN; CREATE ROLE bob LOGIN;));
$node->safe_psql('crm', q(
	CREATE EXTENSION contact_guard;
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin, owner;
	CREATE SCHEMA crm AUTHORIZATION owner;
	GRANT USAGE ON SCHEMA crm TO PUBLIC;
	CREATE SCHEMA anna AUTHORIZATION anna;
	CREATE SCHEMA lib AUTHORIZATION owner; CREATE SCHEMA other AUTHORIZATION owner;
	GRANT USAGE ON SCHEMA lib TO PUBLIC;
	GRANT CREATE ON DATABASE crm TO owner;
	SET ROLE owner;
	CREATE TABLE crm.visit (id int PRIMARY KEY, customer_id bigint, technician name, starts_at timestamptz, ends_at timestamptz, status text);
	INSERT INTO crm.visit VALUES (1, 7, 'anna', now() - interval '1 h', now() + interval '1 day', 'on_site');
	RESET ROLE;
	SELECT contact_guard.use_interventions('crm.visit', customer => 'customer_id', technician => 'technician',
		opens_at => 'starts_at', closes_at => 'ends_at', open_when => $$status = 'on_site'$$);));

# Everything that psql received, with SQLSTATEs; goes on after errors
sub run_as
{
	my ($role, $sql) = @_;
	my $received = '';
	IPC::Run::run([ $node->installed_command('psql'), '-X', '-q', '-A', '-t', '-v', 'VERBOSITY=verbose', '-v', 'SHOW_CONTEXT=never',
			'-h', $node->host, '-p', $node->port, '-U', $role, '-d', 'crm' ],
		'<', \$sql, '>&', \$received, IPC::Run::timeout(60));
	return $received;
}

# What the owner's migrations make
sub make
{
	my ($sql) = @_;
	is(run_as('owner', "SET client_min_messages = error; SET search_path = crm, lib; $sql"), '', 'the owner makes ' . substr $sql, 0, 40);
	return;
}

# Rows of 7, who has an open window, and of 42; as the table's owner makes them
sub make_table
{
	my ($name, $column, $rest) = @_;
	my $out = run_as('owner', "SET client_min_messages = error; CREATE TABLE $name (id bigint, name text, $column);
		INSERT INTO $name (id, name, phone) VALUES (7, 'n7', 'SECRET-7'), (42, 'n42', 'SECRET-42');
		GRANT SELECT, INSERT, UPDATE ON $name TO anna; @{[ $rest // '' ]}");
	is($out, '', "table $name is made");
	return;
}

# All tables here have a column of the same name, which 149_copies is about.
sub protect
{
	my ($table, $mask) = @_;
	return run_as('admin', "SELECT contact_guard.protect('$table', 'id', '{phone}', '@{[ $mask // 'constant(WITHHELD)' ]}')") =~
	  s/^WARNING:  \w+: other columns may keep copies .*?^LOCATION:[^\n]*\n//msr;
}

# protect() refuses the table's definition, names the function and what mends it
sub refused
{
	my ($what, $table, $function, $mask) = @_;
	my $out = protect($table, $mask);
	like($out, qr/ERROR:  42501: function \Q$function\E may not be called/, "protect() refuses $what");
	return $out;
}

my $telling = 'LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE \'told %\', $1; RETURN true; END$$';
my $tell = "RETURNS bool IMMUTABLE $telling";

# 1. What a definition calls
make("CREATE FUNCTION crm.ok(text) $tell; CREATE FUNCTION crm.ok(text, text) $tell;
	CREATE FUNCTION crm.same(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT \$1';
	CREATE FUNCTION crm.fine(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN upper(\$1);
	CREATE FUNCTION crm.deep(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN crm.same(\$1);
	CREATE OPERATOR crm.~~~~ (FUNCTION = crm.ok, LEFTARG = text, RIGHTARG = text);");
make_table('crm.t1', 'phone text CHECK (crm.ok(phone))');
my $out = refused('a check', 'crm.t1', 'crm.ok(text)');
like($out, qr/ALTER FUNCTION crm\.ok\(text\) SET search_path = crm, pg_temp; SELECT contact_guard\.trust_function\('crm\.ok\(text\)', 'why'\);/,
	'... with the commands that mend it');
like(run_as('admin', "SELECT contact_guard.trust_function('crm.ok(text)', 'a reason')"), qr/42P13.*not pinned/, 'trust asks for a path');
foreach my $path ('crm', 'crm, pg_catalog', 'pg_temp, crm', 'crm, "$user", pg_temp', "''")
{
	like(run_as('admin', "ALTER FUNCTION crm.ok(text) SET search_path = $path; SELECT contact_guard.trust_function('crm.ok(text)', 'a reason')"),
		qr/ERROR:  42P13/, "... and not for $path");
}
like(run_as('admin', "ALTER FUNCTION crm.ok(text) SET search_path = crm, nowhere, pg_temp; SELECT contact_guard.trust_function('crm.ok(text)', 'a reason')"),
	qr/ERROR:  3F000/, '... nor for a schema that anybody may make later');
like(run_as('anna', "SELECT contact_guard.trust_function('crm.ok(text)', 'me')"), qr/ERROR:  42501/, 'trust is an admin\'s');
like(run_as('owner', "ALTER FUNCTION crm.ok(text) SET search_path = crm, pg_temp;
	SECURITY LABEL FOR contact_guard ON FUNCTION crm.ok(text) IS '{\"trusted\": \"me\"}'"), qr/ERROR:  42501/, '... as a label, too');
is(run_as('admin', "SELECT contact_guard.trust_function('crm.ok(text)', 'looked at')"), "\n", 'a pinned function is trusted');
is(protect('crm.t1'), "\n", '... and may be called');
is(run_as('admin', "SELECT contact_guard.distrust_function('crm.ok(text)')"), "\n", 'trust is withdrawn');
like($node->safe_psql('crm', 'SELECT problems FROM contact_guard.status()'),
	qr/relation t1: check constraint.*calls function crm\.ok\(text\).*trust_function/, 'status() names what is not trusted any more');
$node->safe_psql('crm', q(DROP TABLE crm.t1; ALTER FUNCTION crm.ok(text) RESET search_path));

make_table('crm.t2', 'phone text', 'CREATE INDEX ON crm.t2 (crm.same(phone))');
refused('an index over a function that is text', 'crm.t2', 'crm.same(text)');
make_table('crm.t3', 'phone text', "CREATE INDEX ON crm.t3 (id) WHERE phone OPERATOR(crm.~~~~) ''");
refused('the operator of a predicate', 'crm.t3', 'crm.ok(text, text)');
make_table('crm.t4', 'phone text', 'CREATE FUNCTION crm.seen() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
	CREATE TRIGGER seen BEFORE UPDATE ON crm.t4 FOR EACH ROW EXECUTE FUNCTION crm.seen()');
refused('a row trigger', 'crm.t4', 'crm.seen()');
make_table('crm.t5', 'phone text', 'CREATE TRIGGER seen BEFORE UPDATE ON crm.t5 FOR EACH STATEMENT EXECUTE FUNCTION crm.seen()');
is(protect('crm.t5'), "\n", 'a statement trigger without transition tables sees no row');
make("CREATE DOMAIN crm.number AS text CHECK (crm.ok(VALUE)); CREATE TYPE crm.pair AS (a int, b crm.number);");
make_table('crm.t6', 'phone crm.number');
refused('a domain', 'crm.t6', 'crm.ok(text)');
make_table('crm.t7', 'phone text CHECK (phone::crm.number IS NOT NULL)');
refused('a cast to a domain', 'crm.t7', 'crm.ok(text)');
make_table('crm.t8', 'phone text CHECK ((ROW(1, phone)::crm.pair).a = 1)');
refused('a row type with a domain in it', 'crm.t8', 'crm.ok(text)');
make_table('crm.t9', 'phone text, up text GENERATED ALWAYS AS (crm.deep(phone)) STORED');
refused('what a body of the SQL standard calls', 'crm.t9', 'crm.same(text)');
make_table('crm.t10', 'phone text CHECK (crm.fine(phone) IS NOT NULL)');
is(protect('crm.t10'), "\n", 'a body of the SQL standard that calls built-ins is fine');
make_table('crm.t11', 'phone text CHECK (pg_notify(\'c\', phone) IS NOT NULL)');
refused('a built-in that tells', 'crm.t11', 'pg_catalog.pg_notify(text, text)');
make_table('crm.t12', 'phone text', 'CREATE STATISTICS crm.s12 ON (crm.same(phone)), id FROM crm.t12');
refused('extended statistics', 'crm.t12', 'crm.same(text)');
make('CREATE TABLE crm.t13 (id bigint, phone text) PARTITION BY LIST (crm.same(phone));
	CREATE TABLE crm.t13a PARTITION OF crm.t13 DEFAULT');
refused('a partition key', 'crm.t13', 'crm.same(text)');
refused('... and the partition alone', 'crm.t13a', 'crm.same(text)');
make('CREATE TABLE crm.t14 (id bigint, phone text); CREATE TABLE crm.t14a (CHECK (crm.ok(phone))) INHERITS (crm.t14)');
refused('the check of a child', 'crm.t14', 'crm.ok(text)');
make("CREATE TYPE crm.tone AS ENUM ('a', 'SECRET-7', 'SECRET-42');
	CREATE FUNCTION crm.jtone(crm.tone) RETURNS json IMMUTABLE LANGUAGE plpgsql AS \$\$BEGIN RAISE NOTICE 'told %', \$1; RETURN '1'; END\$\$;
	CREATE CAST (crm.tone AS json) WITH FUNCTION crm.jtone(crm.tone)");
make_table('crm.t15', 'phone crm.tone CHECK (to_json(phone) IS NOT NULL)');
refused('a cast that to_json() looks for', 'crm.t15', 'crm.jtone(crm.tone)', 'null');
make("CREATE FUNCTION crm.step(text, text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS \$\$BEGIN RAISE NOTICE 'told %', \$2; RETURN \$1; END\$\$;
	CREATE AGGREGATE crm.agg(text) (SFUNC = crm.step, STYPE = text, INITCOND = '');
	CREATE FUNCTION crm.agged(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN (SELECT crm.agg(v) FROM (VALUES (\$1)) t(v))");
make_table('crm.t16', 'phone text CHECK (crm.agged(phone) IS NOT NULL)');
refused('an aggregate of one\'s own', 'crm.t16', 'crm.step(text, text)');
$node->safe_psql('crm', q(
	CREATE FUNCTION lib.cmp(text, text) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN bttextcmp($1, $2); END$$;
	CREATE OPERATOR CLASS lib.ops FOR TYPE text USING btree AS OPERATOR 1 <, OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 lib.cmp(text, text)));
make_table('crm.t17', 'phone text', 'CREATE INDEX ON crm.t17 (phone lib.ops)');
refused('an operator class', 'crm.t17', 'lib.cmp(text, text)');
make_table('crm.t18', 'phone text', 'CREATE FUNCTION crm.due(text) RETURNS bool LANGUAGE sql AS $$SELECT true$$;
	CREATE TRIGGER seen BEFORE UPDATE ON crm.t18 FOR EACH ROW WHEN (crm.due(OLD.phone)) EXECUTE FUNCTION suppress_redundant_updates_trigger()');
refused('a trigger\'s WHEN', 'crm.t18', 'crm.due(text)');
make_table('crm.t19', 'phone text, CHECK (crm.ok(name))');
is(protect('crm.t19'), "\n", 'a check of an unguarded column calls what it likes');
$out = run_as('admin', "SELECT contact_guard.protect('crm.t6', 'id', '{phone}', unpinned => 'accept')");
unlike($out, qr/ERROR/, 'an admin accepts what is refused');
$out = $node->safe_psql('crm', q(SELECT contact_guard.sync(); SELECT problems FROM contact_guard.status();
	SELECT reason FROM contact_guard.access_log WHERE event = 'policy' AND reason LIKE '%t6%'));
like($out, qr/relation t6: the type of column.*protect t6.*unpinned accept/s, '... which status() and the log say');

# 2. Below a trusted function: types that an inner function was compiled with
make(q(CREATE DOMAIN crm.code AS text;
	CREATE FUNCTION crm.inside(p text) RETURNS bool LANGUAGE plpgsql AS $$DECLARE c code; BEGIN c := p; RETURN c IS NOT NULL; END$$;
	CREATE FUNCTION crm.outside(p text) RETURNS bool IMMUTABLE SET search_path = crm, pg_catalog, pg_temp LANGUAGE plpgsql AS $$BEGIN RETURN crm.inside(p); END$$;));
make_table('crm.a1', 'phone text', 'ALTER TABLE crm.a1 ADD CHECK (crm.outside(phone))');
run_as('admin', q(SELECT contact_guard.trust_function('crm.outside(text)', 'it is pinned')));
is(protect('crm.a1'), "\n", 'the outer function is pinned and trusted');
my $attack = "CREATE FUNCTION anna.spy(text) $tell;
	SET search_path = crm, pg_catalog;
	CREATE DOMAIN pg_temp.code AS text CHECK (anna.spy(VALUE));
	SELECT crm.inside('mine');
	RESET search_path;
	UPDATE crm.a1 SET name = name WHERE id = 42;";
$out = run_as('anna', $attack);
like($out, qr/told mine/, 'the inner function has the type of whoever called it first');
unlike($out, qr/SECRET/, '... and is not given the stored value');
like($out, qr/ERROR:  42501: function crm\.inside\(text\) cannot be called here/, '... but an error that names it');
like($out, qr/HINT:  ALTER FUNCTION crm\.inside\(text\) SET search_path = crm, pg_temp; SELECT contact_guard\.trust_function/, '... and what mends it');
run_as('admin', q(ALTER FUNCTION crm.inside(text) SET search_path = crm, pg_catalog, pg_temp;
	SELECT contact_guard.trust_function('crm.inside(text)', 'it is pinned')));
$out = run_as('anna', $attack =~ s/anna\.spy\(text\)/anna.spy2(text)/r =~ s/anna\.spy\(VALUE/anna.spy2(VALUE/r . 'SELECT 1;');
unlike($out, qr/told|ERROR/, 'mended, it is told nothing, and goes on working');

# ... EXECUTE, an exception that is caught, SECURITY DEFINER, settings without a path
make(q(CREATE FUNCTION crm.loose(p text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'told %', p; RETURN true; END$$;
	CREATE FUNCTION crm.loose_set(p text) RETURNS bool SET work_mem = '1MB' LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'told %', p; RETURN true; END$$;
	CREATE FUNCTION crm.loose_definer(p text) RETURNS bool SECURITY DEFINER LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'told %', p; RETURN true; END$$;
	CREATE FUNCTION crm.loose_sql(p text) RETURNS bool LANGUAGE sql AS $$SELECT p ~ 'x'$$;
	CREATE FUNCTION crm.run(name text, p text) RETURNS bool IMMUTABLE SET search_path = crm, pg_temp LANGUAGE plpgsql AS
		$$DECLARE r bool; BEGIN
			BEGIN EXECUTE 'SELECT ' || name || '($1)' INTO r USING p; EXCEPTION WHEN insufficient_privilege THEN RAISE NOTICE 'stopped %', name; END;
			EXECUTE 'SELECT ' || name || '($1)' INTO r USING p; RETURN r; END$$;));
run_as('admin', q(SELECT contact_guard.trust_function('crm.run(text, text)', 'for the test')));
foreach my $name (qw(loose loose_set loose_definer loose_sql))
{
	make_table("crm.b_$name", 'phone text', "ALTER TABLE crm.b_$name ADD CHECK (crm.run('$name', phone)) NOT VALID");
	is(protect("crm.b_$name"), "\n", "EXECUTE reaches $name");
	$out = run_as('anna', "UPDATE crm.b_$name SET name = name WHERE id = 42; SELECT crm.loose('me')");
	like($out, qr/stopped $name.*ERROR:  42501: function crm\.$name\(text\)/s, "... which is refused, before and after an exception is caught");
	unlike($out, qr/SECRET/, '... and is told nothing');
	like($out, qr/told me/, '... while outside it can be called');
}

# ... what PL/pgSQL keeps of a cast for all functions together
make(q(CREATE FUNCTION lib.check(text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'told %', $1; RETURN true; END$$;
	CREATE DOMAIN lib.word AS text CHECK (lib.check(VALUE));
	CREATE FUNCTION lib.cast_it(text) RETURNS text LANGUAGE plpgsql AS $$DECLARE w lib.word; BEGIN w := $1; RETURN w; END$$;
	CREATE FUNCTION crm.word(p text) RETURNS bool IMMUTABLE SET search_path = crm, pg_temp LANGUAGE plpgsql AS
		$$DECLARE w lib.word; BEGIN w := p; RETURN true; END$$;));
make_table('crm.c1', 'phone text', 'ALTER TABLE crm.c1 ADD CHECK (crm.word(phone)) NOT VALID');
run_as('admin', q(SELECT contact_guard.trust_function('crm.word(text)', 'it is pinned')));
is(protect('crm.c1'), "\n", 'a trusted function casts to a domain elsewhere');
$out = run_as('anna', "BEGIN; SELECT lib.cast_it('mine'); UPDATE crm.c1 SET name = name WHERE id = 42; COMMIT;");
like($out, qr/told mine/, 'the domain\'s check is made ready outside');
unlike($out, qr/told mine.*told/s, '... and is not called again');
like($out, qr/ERROR:  42501: function lib\."check"\(text\)/, '... but an error that names it');

# ... what tells without being called: plans with constants, parameters in DETAIL
make(q(CREATE FUNCTION crm.strict(p text) RETURNS bool IMMUTABLE SET search_path = crm, pg_temp LANGUAGE plpgsql AS
		$$DECLARE i bigint; BEGIN SELECT id INTO STRICT i FROM crm.visit WHERE status = p; RETURN true; END$$;
	CREATE FUNCTION crm.planned(p text) RETURNS bool IMMUTABLE SET search_path = crm, pg_temp LANGUAGE plpgsql AS
		$$BEGIN RETURN (SELECT count(*) FROM crm.visit WHERE status = p) = 0; END$$;));
make_table('crm.d1', 'phone text', 'ALTER TABLE crm.d1 ADD CHECK (crm.strict(phone)) NOT VALID');
make_table('crm.d2', 'phone text', 'ALTER TABLE crm.d2 ADD CHECK (crm.planned(phone)) NOT VALID; GRANT SELECT ON crm.visit TO anna');
run_as('admin', qq(SELECT contact_guard.trust_function('crm.$_(text)', 'it is pinned'))) foreach qw(strict planned);
is(protect($_), "\n", "$_ is protected") foreach qw(crm.d1 crm.d2);
$out = run_as('anna', q(LOAD 'plpgsql'; SET plpgsql.print_strict_params = on; UPDATE crm.d1 SET name = name WHERE id = 42;));
like($out, qr/ERROR:  P0002/, 'a query finds no row');
unlike($out, qr/SECRET/, '... and its parameters are not printed');
$out = run_as('anna', q(SET debug_print_plan = on; SET client_min_messages = log; UPDATE crm.d2 SET name = name WHERE id = 42;));
unlike($out, qr/83 69 67 82 69 84/, 'no plan of a trusted function is printed');

# ... and a verdict below it: the CRM's code there gets no value
make(q(CREATE FUNCTION crm.login_of(name) RETURNS name STABLE SET search_path = crm, pg_temp LANGUAGE plpgsql AS $$BEGIN RETURN $1; END$$;
	CREATE VIEW crm.visits AS SELECT id, customer_id, crm.login_of(technician) AS technician, starts_at, ends_at, status FROM crm.visit;
	CREATE FUNCTION crm.looked() RETURNS trigger SET search_path = crm, pg_temp LANGUAGE plpgsql AS
		$$BEGIN NEW.name := (SELECT phone FROM crm.t10 WHERE id = 7); RETURN NEW; END$$;));
run_as('admin', q(SELECT contact_guard.trust_function('crm.login_of(name)', 'it is pinned');
	SELECT contact_guard.use_interventions('crm.visits', 'customer_id', 'technician', 'starts_at', 'ends_at', open_when => $$status = 'on_site'$$);
	SELECT contact_guard.forget_interventions('crm.visit');
	SELECT contact_guard.trust_function('crm.looked()', 'it is pinned')));
make_table('crm.e1', 'phone text', 'CREATE TRIGGER looked BEFORE UPDATE ON crm.e1 FOR EACH ROW EXECUTE FUNCTION crm.looked()');
is(protect('crm.e1'), "\n", 'a trusted trigger reads what is guarded');
$out = run_as('anna', q(UPDATE crm.e1 SET name = 'x' WHERE id = 7; SELECT name, phone FROM crm.e1 WHERE id = 7));
unlike($out, qr/ERROR:  42501: function/, '... and its verdict may call the CRM\'s functions');

# 3. What a path finds
make(q(CREATE FUNCTION crm.some(text, int) RETURNS text IMMUTABLE LANGUAGE sql RETURN $1;
	CREATE FUNCTION crm.norm(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN lower($1);
	CREATE TABLE crm.blocked (phone text, tone crm.tone); GRANT SELECT ON crm.blocked TO anna;
	CREATE FUNCTION crm.normal(p text) RETURNS bool IMMUTABLE SET search_path = crm, pg_temp LANGUAGE plpgsql AS
		$$DECLARE c code; BEGIN c := norm(p); RETURN c ~ '^[a-z0-9-]+$' AND NOT EXISTS (SELECT FROM blocked b WHERE b.phone = p); END$$;));
make_table('crm.f1', 'phone text CHECK (crm.normal(phone))');
run_as('admin', q(SELECT contact_guard.trust_function('crm.normal(text)', 'it is pinned'); SELECT contact_guard.distrust_function('crm.run(text, text)')));
is(protect('crm.f1'), "\n", 'a trusted function uses names');
foreach my $sql (
	'CREATE OPERATOR crm.~ (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text)',
	'CREATE OR REPLACE FUNCTION crm.norm(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN $1::int::text',
	'CREATE FUNCTION crm.norm(varchar) RETURNS text IMMUTABLE LANGUAGE sql RETURN $1',
	'DROP FUNCTION crm.norm(text); CREATE FUNCTION crm.norm(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN $1::int::text',
	'ALTER FUNCTION crm.some(text, int) RENAME TO norm',
	'CREATE FUNCTION lib.norm(varchar) RETURNS text LANGUAGE sql RETURN $1; ALTER FUNCTION lib.norm(varchar) SET SCHEMA crm',
	'ALTER TABLE crm.blocked RENAME TO old; CREATE VIEW crm.blocked AS SELECT phone FROM crm.old',
	'DROP DOMAIN crm.code CASCADE; CREATE DOMAIN crm.code AS int',
	'ALTER DOMAIN crm.code RENAME TO c2; CREATE TYPE crm.code AS ENUM ()',
	'ALTER DOMAIN crm.code RENAME TO c2; ALTER DOMAIN crm.number RENAME TO code',
	'CREATE TYPE lib.code AS (a int); ALTER DOMAIN crm.code SET SCHEMA other; ALTER TYPE lib.code SET SCHEMA crm',
	'ALTER DOMAIN crm.code ADD CHECK (VALUE::int > 0)',
	'CREATE CAST (text AS crm.tone) WITH INOUT AS IMPLICIT',
	'ALTER SCHEMA crm RENAME TO crm2',
	'DROP DOMAIN crm.code CASCADE', 'ALTER TABLE crm.blocked RENAME TO old', 'ALTER DOMAIN crm.code SET SCHEMA other', 'DROP TABLE crm.blocked',
	'CREATE OPERATOR crm.~~ (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text)',
	'ALTER FUNCTION crm.normal(text) SET search_path = crm',
	'ALTER FUNCTION crm.normal(text) RESET ALL',
	'ALTER FUNCTION crm.normal(text) OWNER TO owner; ALTER FUNCTION crm.normal(text) RENAME TO normal2',
	'CREATE OR REPLACE FUNCTION crm.normal(p text) RETURNS bool IMMUTABLE SET search_path = crm, pg_temp LANGUAGE plpgsql AS $$BEGIN RETURN true; END$$')
{
	like(run_as('owner', "BEGIN; $sql; COMMIT"), qr/ERROR:  42501: must be a member of role "contact_guard_admin"/, "the owner may not: $sql");
}
# ... and migrations go on
is(run_as('owner', q(CREATE TABLE crm.fresh (id int, phone text); ALTER TABLE crm.blocked ADD COLUMN since date; CREATE INDEX ON crm.blocked (phone);
	CREATE FUNCTION crm.report() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'; CREATE OR REPLACE FUNCTION crm.report() RETURNS int LANGUAGE plpgsql AS 'BEGIN RETURN 2; END';
	CREATE FUNCTION crm.report2() RETURNS int LANGUAGE sql RETURN 1; CREATE OR REPLACE FUNCTION crm.report2() RETURNS int LANGUAGE sql RETURN 2; ALTER FUNCTION crm.report2() RENAME TO report3;
	CREATE VIEW crm.names AS SELECT id, name FROM crm.f1; CREATE TYPE crm.size AS ENUM ('s', 'l'); ALTER TABLE crm.fresh RENAME TO stale; CREATE DOMAIN crm.short AS text CHECK (length(VALUE) < 9);
	DROP TABLE crm.stale; DROP FUNCTION crm.report(); ALTER TABLE crm.f1 ADD COLUMN city text DEFAULT 'x';
	CREATE OPERATOR crm.<<>> (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text)
	)), '', 'names that nobody uses are the owner\'s');
is(run_as('anna', "CREATE FUNCTION anna.norm(text) RETURNS text LANGUAGE sql RETURN \$1; CREATE DOMAIN anna.code AS text; CREATE TYPE anna.e AS ENUM ('a');
	CREATE FUNCTION anna.c(anna.e) RETURNS text LANGUAGE sql RETURN 'a'; CREATE CAST (anna.e AS text) WITH FUNCTION anna.c(anna.e);
	CREATE OPERATOR anna.~ (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text); CREATE TEMP TABLE blocked (phone text)"), '',
	'... and in other schemas everything is free');
$out = run_as('anna', 'SET search_path = anna, pg_catalog; CREATE TEMP TABLE blocked (phone anna.code); UPDATE crm.f1 SET name = name WHERE id = 42; INSERT INTO crm.f1 VALUES (43, 1, \'ok-1\')');
is($out, '', 'the trusted function goes on working, whatever the path');
is(run_as('admin', q(CREATE OR REPLACE FUNCTION crm.normal(p text) RETURNS bool IMMUTABLE SET search_path = crm, pg_temp LANGUAGE plpgsql AS $$BEGIN RETURN norm(p) ~ 'x|y|[0-9]'; END$$)), '',
	'an admin replaces it');
like(run_as('admin', 'ALTER FUNCTION crm.normal(text) RESET search_path'), qr/ERROR:  42501: function crm\.normal\(text\) may not be called/, '... but not by one that is not pinned');
like($node->safe_psql('crm', q(SELECT contact_guard.sync(); SELECT reason FROM contact_guard.access_log WHERE event = 'policy' AND reason LIKE '%crm.normal%' ORDER BY seq)),
	qr/trust function crm\.normal\(text\): it is pinned\nchange of function crm\.normal\(text\), which is trusted/, 'trust and change are records');
like(run_as('owner', q(ALTER FUNCTION crm.fine(text) COST 3)), qr/ERROR:  42501/, 'nor may the owner change what a definition calls');
make(q(CREATE FUNCTION crm.below(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN $1; CREATE FUNCTION crm.above(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN crm.below($1)));
make_table('crm.f2', 'phone text CHECK (crm.above(phone) IS NOT NULL)');
is(protect('crm.f2'), "\n", 'a body calls another');
like(run_as('owner', 'CREATE OR REPLACE FUNCTION crm.below(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN ($1::int)::text'), qr/ERROR:  42501/, '... which the owner may not replace either');

# ... a schema that the reader may not use leaves its place to his temporary objects
make(q(CREATE DOMAIN other.secret AS text;
	CREATE FUNCTION crm.hidden(p text) RETURNS bool IMMUTABLE SET search_path = crm, other, pg_temp LANGUAGE plpgsql AS $$DECLARE s secret; BEGIN s := p; RETURN true; END$$;));
make_table('crm.f3', 'phone text CHECK (crm.hidden(phone))');
run_as('admin', q(SELECT contact_guard.trust_function('crm.hidden(text)', 'it is pinned')));
is(protect('crm.f3'), "\n", 'a path has a schema that not everybody may use');
$out = run_as('anna', 'CREATE DOMAIN pg_temp.secret AS int; UPDATE crm.f3 SET name = name WHERE id = 42');
unlike($out, qr/SECRET/, 'a temporary type in the place of one in it is not found');
like($out, qr/ERROR:  42501: function crm\.hidden\(text\) cannot be called by role "anna"/, '... but the call refused');
make('GRANT USAGE ON SCHEMA other TO anna');
is(run_as('anna', 'CREATE DOMAIN pg_temp.secret AS int; UPDATE crm.f3 SET name = name WHERE id = 42'), '', '... until she may use the schema');

# 4. Honest uses
$node->safe_psql('crm', 'CREATE EXTENSION citext SCHEMA lib; CREATE EXTENSION hstore SCHEMA lib');
make(q(CREATE FUNCTION crm.set_updated_at() RETURNS trigger SET search_path = crm, pg_temp LANGUAGE plpgsql AS $$BEGIN NEW.updated_at := now(); RETURN NEW; END$$;
	CREATE TABLE crm.audit (at timestamptz DEFAULT clock_timestamp(), old lib.hstore);
	CREATE FUNCTION crm.audited() RETURNS trigger SECURITY DEFINER SET search_path = crm, lib, pg_temp LANGUAGE plpgsql AS $$BEGIN INSERT INTO audit (old) VALUES (hstore(OLD) - 'phone'::text); RETURN NULL; END$$;));
make_table('crm.g1', "phone lib.citext CHECK (phone OPERATOR(lib.~) '^SECRET'), updated_at timestamptz", 'CREATE INDEX ON crm.g1 (phone);
	CREATE TRIGGER updated BEFORE UPDATE ON crm.g1 FOR EACH ROW EXECUTE FUNCTION crm.set_updated_at();
	CREATE TRIGGER audited AFTER UPDATE ON crm.g1 FOR EACH ROW EXECUTE FUNCTION crm.audited()');
run_as('admin', qq(SELECT contact_guard.trust_function('crm.$_()', 'it is pinned'))) foreach qw(set_updated_at audited);
unlike(protect('crm.g1'), qr/ERROR/, 'citext, triggers with hstore');
is(run_as('anna', q(UPDATE crm.g1 SET name = 'new' WHERE id = 42)), '', '... go on working');
is($node->safe_psql('crm', q(SELECT old OPERATOR(lib.->) 'name' FROM crm.audit)), 'n42', '... as they did');

# 5. What is computed of a guarded column
make_table('crm.h1', q(phone text, up text GENERATED ALWAYS AS (upper(phone)) STORED, part text GENERATED ALWAYS AS (substr(phone, 8)) STORED,
	len int GENERATED ALWAYS AS (length(phone)) STORED, guess text GENERATED ALWAYS AS (nullif(phone, 'SECRET-42')) STORED, other text GENERATED ALWAYS AS (name || '!') STORED));
is(protect('crm.h1'), "\n", 'generated columns are no reason to refuse');
is(run_as('anna', 'SELECT up, part, len, guess, other FROM crm.h1 ORDER BY id'), "SECRET-7|7|8|SECRET-7|n7!\nWITHHELD|WITHHELD|||n42!\n", '... and guarded like what they are computed from');
is(run_as('anna', "SELECT count(*) FROM crm.h1 WHERE up = 'SECRET-42'"), "0\n", '... in a condition');
is(run_as('anna', 'SELECT (h).len FROM crm.h1 h WHERE id = 42'), "\n", '... in a row');
is(run_as('admin', q(SELECT contact_guard.unprotect('crm.h1'))) . protect('crm.h1', 'partial(6,0)'), "\n\n", 'with a mask that shows a part');
is(run_as('anna', 'SELECT up, part, len FROM crm.h1 WHERE id = 42'), "SECRET***||\n", '... another part is not shown');
is(run_as('owner', q(ALTER TABLE crm.h1 ALTER len DROP EXPRESSION)), '', 'what is computed no more');
is(run_as('anna', 'SELECT len FROM crm.h1 WHERE id = 42'), "\n", '... stays guarded');
run_as('admin', 'CREATE TABLE crm.h1_kid (up2 text GENERATED ALWAYS AS (upper(phone)) STORED) INHERITS (crm.h1)');
run_as('admin', q(INSERT INTO crm.h1_kid (id, name, phone) VALUES (142, 'k', 'SECRET-142'); GRANT SELECT ON crm.h1_kid TO anna));
is(run_as('anna', 'SELECT up2 FROM crm.h1_kid'), "SECRET****\n", 'in a child, too');
unlike(run_as('owner', 'CREATE TABLE lib.kid (up text GENERATED ALWAYS AS (upper(phone)) STORED) INHERITS (crm.t10); SELECT * FROM lib.kid'), qr/SECRET/, '... whoever makes it');

# 6. A dump brings the trust by name
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-s', '-d', $node->connstr('crm'), '-f', $dump ], 'the schema is dumped');
like(slurp_file($dump), qr/SECURITY LABEL FOR contact_guard ON FUNCTION crm\.normal\(p text\) IS '\{"trusted": "it is pinned", "definition": "[0-9a-f]{64}"\}'/, '... with the trust');

# What depends on the settings of whoever writes another column is no definition for guarded values
{
	my %steady = (
		'a date of text' => [ "CHECK (phone::date > '1900-01-01')", 'pg_catalog.date_in(cstring)', "'1991-02-23'" ],
		'text of a moment' => [ "CHECK (to_char(phone::timestamp, 'YYYY') > '1900')", 'pg_catalog.to_char(timestamp without time zone, text)', "'1991-02-23'" ],
		'a text of a date' => [ "CHECK (format('%s', make_date(1900 + length(phone), 1, 1)) <> '')", 'pg_catalog.format(text, "any")', "'x'" ],
		'text of a number' => [ 'CHECK (length(phone::float8::text) < 12)', 'pg_catalog.float8out(double precision)', "'1.25'" ],
		'text of bytes' => [ "CHECK (decode(phone, 'hex')::text <> '')", 'pg_catalog.byteaout(bytea)', "'00'" ],
		'text of a place' => [ "CHECK (phone::point::text <> '')", 'pg_catalog.point_out(point)', "'(1,2)'" ],
		'a name in quotes' => [ "CHECK (quote_ident(phone) <> '')", 'pg_catalog.quote_ident(text)', "'x'" ],
		'within CASE and an array' => [ "CHECK (CASE WHEN name = 'n' THEN true ELSE ARRAY[phone]::date[] IS NOT NULL END)", 'pg_catalog.date_in(cstring)', "'1991-02-23'" ]);
	my $n = 0;
	foreach my $what (sort keys %steady)
	{
		my ($check, $function, $value) = @{ $steady{$what} };
		my $table = 'crm.steady' . ++$n;
		run_as('owner', "SET client_min_messages = error; CREATE TABLE $table (id bigint, name text, phone text, $check); INSERT INTO $table VALUES (42, 'n42', $value)");
		my $out = protect($table);
		like($out, qr/ERROR:  42501: function \Q$function\E may not be called/, "protect() refuses $what");
		like($out, qr/HINT:  (Change the definition|Mend each of these), or accept /, '... and says what to do');
		unlike($out, qr/It is volatile/, '... and why') if $what =~ /^(?:text of a (?:number|place)|a name)/;
		is(run_as('admin', "SET client_min_messages = error; SELECT contact_guard.protect('$table', 'id', '{phone}', 'constant(1991-01-01)', unpinned => 'accept')"), "\n", '... which may be accepted');
	}
	run_as('owner', q(SET client_min_messages = error; CREATE TABLE crm.free_of_it (id bigint, made timestamptz, born text, phone text, CHECK (made <= now()), CHECK (born::date < current_date), CHECK (phone <> '' AND made::text <> '' AND lower(phone) ~ 'x' AND length(phone) < 30 AND format('%s', phone) <> '' AND length(phone)::text <> '' AND
		phone::xid::text <> '' AND array_to_string(ARRAY[phone::tsquery], '') <> '' AND xmlelement(name a, phone) IS NOT NULL))));
	run_as('owner', 'CREATE TABLE crm.steady_xml (id bigint, phone text CHECK (xmlelement(name a, phone::float8) IS NOT NULL))');
	like(protect('crm.steady_xml'), qr/ERROR:  42501: an XML expression whose text depends on settings may not be called/, 'protect() refuses XML of a number');
	is(run_as('admin', "SET client_min_messages = error; SELECT contact_guard.protect('crm.free_of_it', 'id', '{phone}', 'constant(WITHHELD)')"), "\n", 'what is over other columns, now() and IMMUTABLE functions are free');
}
# A C function that is VOLATILE or a trigger may hand on what it has; below a trusted one it passes
$node->safe_psql('crm', 'CREATE EXTENSION tcn SCHEMA lib; CREATE EXTENSION "uuid-ossp" SCHEMA lib; CREATE EXTENSION moddatetime SCHEMA lib; CREATE EXTENSION pgcrypto SCHEMA lib');
make_table('crm.cc1', 'phone text, PRIMARY KEY (id, phone)', 'CREATE TRIGGER t AFTER UPDATE ON crm.cc1 FOR EACH ROW EXECUTE FUNCTION lib.triggered_change_notification()');
like(refused('a trigger in C', 'crm.cc1', 'lib.triggered_change_notification()'), qr/HINT:  SELECT contact_guard\.trust_function\('lib\.triggered_change_notification\(\)', 'why'\);/, '... and says what mends it');
make_table('crm.cc2', 'phone text, at timestamptz', 'CREATE TRIGGER t BEFORE UPDATE ON crm.cc2 FOR EACH ROW EXECUTE FUNCTION lib.moddatetime(at)');
refused('another trigger in C', 'crm.cc2', 'lib.moddatetime()');
make_table('crm.cc3', q{phone text, CHECK (lib.pgp_sym_encrypt(phone, 'k') IS NOT NULL)});
refused('a VOLATILE function in C', 'crm.cc3', 'lib.pgp_sym_encrypt(text, text)');
$node->safe_psql('crm', q(SELECT contact_guard.trust_function('lib.moddatetime()', 'it sets a time')));
is(protect('crm.cc2'), "\n", 'one that is trusted by name is free');
is(run_as('anna', q(UPDATE crm.cc2 SET name = 'x' WHERE id = 42)), '', '... and works');
make(q(CREATE FUNCTION crm.numbered() RETURNS trigger LANGUAGE plpgsql SET search_path = crm, pg_temp AS $$BEGIN NEW.name := lib.uuid_generate_v4()::text; RETURN NEW; END$$));
make_table('crm.cc4', 'phone text', 'CREATE TRIGGER t BEFORE UPDATE ON crm.cc4 FOR EACH ROW EXECUTE FUNCTION crm.numbered()');
$node->safe_psql('crm', q(SELECT contact_guard.trust_function('crm.numbered()', 'it numbers')));
is(protect('crm.cc4') . run_as('anna', q(UPDATE crm.cc4 SET name = 'x' WHERE id = 42)), "\n", 'a trusted trigger calls such a function');
$node->stop;

done_testing();
