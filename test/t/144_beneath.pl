# Things beneath the definition of a guarded relation: what a check, an index, a body
# or a key reaches may not become something else by the owner's doing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('beneath', 'autovacuum = off', 'log_min_messages = fatal');
$node->safe_psql('postgres', q(
	CREATE DATABASE crm;
	CREATE ROLE owner LOGIN; CREATE ROLE anna LOGIN;));
$node->safe_psql('crm', q(
	CREATE EXTENSION contact_guard;
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin, owner;
	CREATE SCHEMA crm AUTHORIZATION owner; CREATE SCHEMA own2 AUTHORIZATION owner;
	GRANT USAGE ON SCHEMA crm TO PUBLIC;
	SET ROLE owner;
	CREATE TABLE crm.visit (id int PRIMARY KEY, customer_id bigint, technician name, starts_at timestamptz, ends_at timestamptz, status text);
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

sub make
{
	my ($sql) = @_;
	is(run_as('owner', "SET client_min_messages = error; SET search_path = crm; $sql"), '', 'the owner makes ' . substr $sql, 0, 50);
	return;
}

sub protect { return run_as('admin', "SET client_min_messages = error; SELECT contact_guard.protect('$_[0]', 'id', '{phone}', '@{[ $_[1] // 'constant(WITHHELD)' ]}', unpinned => '@{[ $_[2] // 'refuse' ]}')") }

sub is_protected { is(protect(@_), "\n", "$_[0] is protected"); return }

my $refusal = qr/ERROR:  42501: must be a member of role "contact_guard_admin"/;
my $n = 0;

# What is made, protected and then changed by the owner: refused, and nothing is told
sub refuses_change
{
	my ($what, $table, $made, $change, %more) = @_;
	make($made);
	make("INSERT INTO crm.$table (id, name, phone) VALUES (42, 'n42', '@{[ $more{value} // 'SECRET-42' ]}')");
	is_protected("crm.$table", $more{mask}, $more{unpinned});
	my $out = run_as('owner', "SET search_path = crm; $change");
	like($out, $refusal, "the owner cannot change $what");
	like($out, qr/HINT:  (?:Ask|Add)|DETAIL/, "... and is told why");
	unlike(run_as('owner', "UPDATE crm.$table SET name = 'x'; REINDEX TABLE crm.$table; UPDATE crm.$table SET name = 'y'"),
		qr/told|SECRET/, "... so nothing is told of $table");
	return;
}

my $tell = 'LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE \'told %\', $1; RETURN true; END$$';
make("CREATE FUNCTION own2.spy(text) RETURNS bool IMMUTABLE $tell; CREATE FUNCTION own2.tell(s text, v text) RETURNS text IMMUTABLE
	LANGUAGE plpgsql AS \$\$BEGIN RAISE NOTICE 'told %', v; RETURN v; END\$\$;");

# 1. Beneath a definition
my $columns = 'id bigint, name text, phone text';
refuses_change('a domain that a check casts to', 't1', "CREATE DOMAIN d1 AS text CHECK (VALUE ~ '-');
	CREATE TABLE t1 ($columns CHECK (length(phone::d1) > 3));",
	'ALTER DOMAIN d1 ADD CONSTRAINT x CHECK (own2.spy(VALUE)) NOT VALID;');
refuses_change('a domain that an index casts to', 't2', "CREATE DOMAIN d2 AS text; CREATE TABLE t2 ($columns);
	CREATE INDEX ON t2 (lower(phone::d2));", 'ALTER DOMAIN d2 ADD CHECK (own2.spy(VALUE));');
refuses_change('a domain that a body casts to', 't3', "CREATE DOMAIN d3 AS text; CREATE FUNCTION f3(p text) RETURNS text IMMUTABLE RETURN upper(p::d3);
	CREATE TABLE t3 ($columns, up text GENERATED ALWAYS AS (f3(phone)) STORED);", 'ALTER DOMAIN d3 ADD CHECK (own2.spy(VALUE));');
refuses_change('a domain beneath an array of a domain', 't4', "CREATE DOMAIN d4 AS text; CREATE DOMAIN e4 AS d4[];
	CREATE TABLE t4 ($columns CHECK (string_to_array(phone, ',')::e4 IS NOT NULL));", 'ALTER DOMAIN d4 ADD CHECK (own2.spy(VALUE)) NOT VALID;');
refuses_change('the function of an aggregate', 't5', "CREATE FUNCTION s5(s text, v text) RETURNS text IMMUTABLE RETURN coalesce(s, '') || v;
	CREATE AGGREGATE a5(text) (SFUNC = s5, STYPE = text);
	CREATE FUNCTION f5(p text) RETURNS text IMMUTABLE RETURN (SELECT a5(w) FROM unnest(string_to_array(p, '-')) w);
	CREATE TABLE t5 ($columns CHECK (f5(phone) <> ''));",
	"CREATE OR REPLACE FUNCTION s5(s text, v text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS \$\$BEGIN RAISE NOTICE 'told %', v; RETURN v; END\$\$;");
refuses_change('an aggregate itself', 't6', "CREATE FUNCTION s6(s text, v text) RETURNS text IMMUTABLE RETURN coalesce(s, '') || v;
	CREATE AGGREGATE a6(text) (SFUNC = s6, STYPE = text);
	CREATE FUNCTION f6(p text) RETURNS text IMMUTABLE RETURN (SELECT a6(w) FROM unnest(string_to_array(p, '-')) w);
	CREATE TABLE t6 ($columns CHECK (f6(phone) <> ''));",
	'CREATE OR REPLACE AGGREGATE a6(text) (SFUNC = own2.tell, STYPE = text);');
refuses_change('how a type becomes json', 't7', "CREATE TYPE e7 AS ENUM ('first', 'SECRET-42');
	CREATE TABLE t7 (id bigint, name text, phone e7, CHECK (to_jsonb(phone) <> '\"none\"'));",
	"CREATE FUNCTION own2.j7(p e7) RETURNS json IMMUTABLE LANGUAGE plpgsql AS \$\$BEGIN RAISE NOTICE 'told %', p; RETURN '1'; END\$\$;
	CREATE CAST (e7 AS json) WITH FUNCTION own2.j7(e7);", mask => 'null', unpinned => 'accept');
refuses_change('the function of a cast to json', 't8', "CREATE TYPE e8 AS ENUM ('first', 'SECRET-42');
	CREATE FUNCTION j8(p e8) RETURNS json IMMUTABLE RETURN to_json(p::text); CREATE CAST (e8 AS json) WITH FUNCTION j8(e8);
	CREATE TABLE t8 (id bigint, name text, phone e8, CHECK (to_jsonb(phone) <> '\"none\"'));",
	"CREATE OR REPLACE FUNCTION j8(p e8) RETURNS json IMMUTABLE LANGUAGE plpgsql AS \$\$BEGIN RAISE NOTICE 'told %', p; RETURN '1'; END\$\$;",
	mask => 'null', unpinned => 'accept');
refuses_change('the attributes of a row type in a body', 't9', "CREATE TYPE r9 AS (a text); CREATE DOMAIN d9 AS text CHECK (own2.spy(VALUE));
	CREATE FUNCTION f9(p text) RETURNS bool IMMUTABLE RETURN to_jsonb(ROW(p)::r9) IS NOT NULL;
	CREATE TABLE t9 ($columns CHECK (f9(phone)));", 'ALTER TYPE r9 ADD ATTRIBUTE b d9;', unpinned => 'accept');
refuses_change('the function of an operator in a body', 't10', "CREATE FUNCTION o10(a text, b text) RETURNS bool IMMUTABLE RETURN a = b;
	CREATE OPERATOR === (FUNCTION = o10, LEFTARG = text, RIGHTARG = text);
	CREATE FUNCTION f10(p text) RETURNS bool IMMUTABLE RETURN NOT (p OPERATOR(crm.===) 'x'::text);
	CREATE TABLE t10 ($columns CHECK (f10(phone)));",
	"CREATE OR REPLACE FUNCTION o10(a text, b text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS \$\$BEGIN RAISE NOTICE 'told %', a; RETURN false; END\$\$;");
make("CREATE FUNCTION k11(p text) RETURNS text IMMUTABLE RETURN left(p, 1);
	CREATE TABLE p11 ($columns) PARTITION BY LIST (k11(phone));");
refuses_change('the key of the table above', 't11', "CREATE TABLE t11 PARTITION OF p11 FOR VALUES IN ('S')",
	"CREATE OR REPLACE FUNCTION k11(p text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS \$\$BEGIN RAISE NOTICE 'told %', p; RETURN 'S'; END\$\$;");

# What an admin has accepted is what it was then
make("CREATE FUNCTION h12(p text) RETURNS bool IMMUTABLE RETURN p <> ''; CREATE FUNCTION s12(s bool, p text) RETURNS bool IMMUTABLE RETURN h12(p);
	CREATE AGGREGATE a12(text) (SFUNC = s12, STYPE = bool); CREATE FUNCTION f12(p text) RETURNS bool STABLE RETURN (SELECT a12(p));
	CREATE TABLE t12 ($columns CHECK (f12(phone)));");
like(run_as('admin', "SELECT contact_guard.protect('crm.t12', 'id', '{phone}', 'constant(W)', unpinned => 'accept')"), qr/\A\s*\z/, 'accepted');
like(run_as('owner', "CREATE OR REPLACE FUNCTION crm.h12(p text) RETURNS bool IMMUTABLE $tell;"), $refusal, '... and still not replaced by the owner');

# 2. The rows of others beneath a body
make("CREATE TABLE b20 (number text); CREATE VIEW v20 AS SELECT number FROM b20;
	CREATE FUNCTION f20(p text) RETURNS bool STABLE RETURN NOT EXISTS (SELECT FROM v20 WHERE number = p);
	CREATE FUNCTION g20(p text) RETURNS bool STABLE RETURN f20(p); CREATE TABLE t20 ($columns CHECK (g20(phone)));
	CREATE FUNCTION f21(p text) RETURNS bool STABLE BEGIN ATOMIC WITH w AS (SELECT number FROM b20) SELECT count(*) = 0 FROM w WHERE number = p; END;
	CREATE TABLE t21 ($columns CHECK (f21(phone)));");
like(protect('crm.t20'), qr/42501: function crm.f20\(text\), which reads relation crm.v20, may not be called.*could change what happens to guarded values/s, 'a body reads a view');
like(protect('crm.t21'), qr/42501: function crm.f21\(text\), which reads relation crm.b20, may not be called/, 'a body reads a table');
unlike(run_as('admin', "SELECT contact_guard.protect('crm.t21', 'id', '{phone}', 'constant(W)', unpinned => 'accept')"), qr/ERROR/, '... accepted');

# 3. PostgreSQL's triggers that copy
make("CREATE TABLE t30 ($columns, tsv tsvector); CREATE TRIGGER z BEFORE INSERT OR UPDATE ON t30 FOR EACH ROW
		EXECUTE FUNCTION tsvector_update_trigger(tsv, 'pg_catalog.simple', name, phone);
	CREATE TABLE t31 ($columns, tsv tsvector); CREATE TRIGGER z BEFORE INSERT OR UPDATE ON t31 FOR EACH ROW
		EXECUTE FUNCTION tsvector_update_trigger(tsv, 'pg_catalog.simple', name);
	CREATE TRIGGER s BEFORE UPDATE ON t31 FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();");
like(protect('crm.t30'), qr/42501: function pg_catalog.tsvector_update_trigger\(\) may not be called/, 'words of a guarded column are not written beside it');
is_protected('crm.t31');

# 4. Who changes what is called, and has not committed, is waited for
for my $race (
	[ 't40', 'CREATE FUNCTION f40(p text) RETURNS bool IMMUTABLE RETURN p <> \'\'', 'f40(phone)',
		"CREATE OR REPLACE FUNCTION crm.f40(p text) RETURNS bool IMMUTABLE $tell" ],
	[ 't41', 'CREATE DOMAIN d41 AS text', '(phone::d41) IS NOT NULL', 'ALTER DOMAIN crm.d41 ADD CHECK (own2.spy(VALUE)) NOT VALID' ],
	[ 't42', "CREATE TYPE e42 AS ENUM ('a'); CREATE FUNCTION own2.j42(p e42) RETURNS json IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END'",
		'to_jsonb(phone::e42) IS NOT NULL', 'CREATE CAST (crm.e42 AS json) WITH FUNCTION own2.j42(crm.e42)' ])
{
	my ($table, $made, $check, $change) = @$race;
	make("$made; CREATE TABLE $table ($columns CHECK ($check))");
	my $session = $node->background_psql('crm', on_error_stop => 0, extra_params => [ '-U', 'owner' ]);
	$session->query_safe("BEGIN; $change");
	my ($out, $in) = ('', "SELECT contact_guard.protect('crm.$table', 'id', '{phone}', 'constant(W)')");
	my $admin = IPC::Run::start([ $node->installed_command('psql'), '-X', '-q', '-v', 'VERBOSITY=verbose', '-h', $node->host, '-p', $node->port, '-U', 'admin',
			'-d', 'crm', '-c', $in ], '>&', \$out, IPC::Run::timeout(60));
	$node->poll_query_until('crm', "SELECT count(*) > 0 FROM pg_locks WHERE NOT granted AND locktype = 'object'") or die;
	$session->query_safe('COMMIT');
	$session->quit;
	$admin->finish;
	like($out, qr/42501: function .* may not be called with guarded values/, "protect() waits for: $change");
}

# 5. What is none of a definition's business
make("CREATE FUNCTION free(text) RETURNS bool IMMUTABLE $tell; CREATE OR REPLACE FUNCTION free(text) RETURNS bool LANGUAGE sql AS 'SELECT true';
	CREATE DOMAIN z50 AS text; ALTER DOMAIN z50 ADD CHECK (own2.spy(VALUE)); ALTER DOMAIN z50 SET DEFAULT 'x';
	CREATE TYPE e50 AS ENUM ('a'); ALTER TYPE e50 ADD VALUE 'b'; CREATE CAST (e50 AS json) WITH INOUT;
	CREATE TYPE r50 AS (a text); ALTER TYPE r50 ADD ATTRIBUTE b z50; ALTER TYPE e7 ADD VALUE 'c';
	CREATE VIEW v50 AS SELECT name FROM t1; CREATE OR REPLACE VIEW v50 AS SELECT name FROM t1 WHERE id > 0;
	ALTER TABLE t1 ADD COLUMN note varchar(10) DEFAULT ''; CREATE INDEX ON t1 (name); ALTER TABLE t1 ALTER COLUMN note TYPE text;
	ALTER DOMAIN d1 DROP CONSTRAINT d1_check; ALTER TABLE t5 DROP CONSTRAINT t5_phone_check;
	CREATE OR REPLACE FUNCTION s5(s text, v text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN v; END'");
like(run_as('admin', "CREATE OR REPLACE FUNCTION crm.s6(s text, v text) RETURNS text IMMUTABLE RETURN v;"), qr/\A\s*\z/, 'an admin changes what is called');
ok(log_rows($node, 'crm', q(event = 'policy' AND reason LIKE 'change of function crm.s6(text, text), which the definition of relation "t6" calls%')) == 1,
	'... which is a record');
like(run_as('admin', "CREATE OR REPLACE FUNCTION crm.s6(s text, v text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN v; END'"),
	qr/42501: function crm.s6\(text, text\) may not be called/, '... but not to something that is not allowed');

# 7. What a trusted function reaches, two steps away from a name in its text
make("CREATE FUNCTION g70(p text) RETURNS text IMMUTABLE RETURN replace(p, ' ', ''); CREATE FUNCTION h70(p text) RETURNS text IMMUTABLE RETURN g70(p);
	CREATE FUNCTION f70(p text) RETURNS bool IMMUTABLE LANGUAGE plpgsql SET search_path = crm, pg_temp AS \$\$BEGIN RETURN h70(p) <> ''; END\$\$;
	CREATE FUNCTION b71(p text) RETURNS bool IMMUTABLE RETURN p <> ''; CREATE DOMAIN d71 AS text CHECK (b71(VALUE)); CREATE DOMAIN e71 AS d71;
	CREATE FUNCTION f71(p text) RETURNS bool IMMUTABLE LANGUAGE plpgsql SET search_path = crm, pg_temp AS \$\$DECLARE x e71; BEGIN x := p; RETURN x <> ''; END\$\$;
	CREATE FUNCTION own2.g72(p text) RETURNS text IMMUTABLE RETURN p; CREATE FUNCTION own2.h72(p text) RETURNS text IMMUTABLE RETURN own2.g72(p);
	CREATE FUNCTION f72(p text) RETURNS bool IMMUTABLE LANGUAGE plpgsql SET search_path = crm, pg_temp AS \$\$BEGIN RETURN own2.h72(p) <> ''; END\$\$;
	CREATE TABLE t70 ($columns CHECK (f70(phone)), CHECK (f71(phone)), CHECK (f72(phone)))");
like(protect('crm.t70'), qr/42501: function crm.f70.*f71\(text\) is called by.*trust_function.*f72\(text\) is called by/s, 'protect() names all that is to be trusted');
run_as('admin', "SELECT contact_guard.trust_function('crm.$_(text)', 'why')") for qw(f70 f71 f72);
is_protected('crm.t70');
like(run_as('owner', "SET search_path = crm; $_"), qr/$refusal to change what function crm.f7\d\(text\) calls/, "refused: $_") for
	'CREATE OR REPLACE FUNCTION g70(p text) RETURNS text IMMUTABLE RETURN p::int::text', "ALTER DOMAIN d71 ADD CHECK (VALUE NOT LIKE 'SECRET-4%')",
	'CREATE OR REPLACE FUNCTION b71(p text) RETURNS bool IMMUTABLE RETURN p::int > 0', 'CREATE OR REPLACE FUNCTION own2.g72(p text) RETURNS text IMMUTABLE RETURN p::int::text';
like(run_as('admin', "CREATE OR REPLACE FUNCTION crm.f70(p text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN true; END'"),
	qr/42501: function crm.f70.*HINT:  Put SET search_path = crm, pg_temp into the CREATE OR REPLACE FUNCTION, or: ALTER/s, 'the hint fits a path that was taken away');

# 8. Names, with a trusted function that has EXECUTE
make("CREATE FUNCTION f80(p text) RETURNS bool LANGUAGE plpgsql SET search_path = crm, own2, pg_temp AS \$\$BEGIN EXECUTE 'SELECT 1'; RETURN true; END\$\$;
	CREATE TABLE o80 (id int); CREATE TABLE own2.twice (id int);");
run_as('admin', "SELECT contact_guard.trust_function('crm.f80(text)', 'why')");
make("CREATE TABLE x80 (id int PRIMARY KEY); CREATE INDEX i80 ON x80 (id); CREATE VIEW v80 AS SELECT 1 AS one; CREATE DOMAIN d80 AS text; DROP TABLE o80; DROP INDEX i80;
	DROP VIEW v80; ALTER TABLE x80 DROP CONSTRAINT x80_pkey; ALTER TABLE x80 RENAME TO y80; ALTER DOMAIN d80 ADD CHECK (VALUE <> ''); ALTER DOMAIN d80 RENAME TO e80;
	DROP DOMAIN e80; CREATE TABLE q80 (id int) PARTITION BY LIST (id); CREATE TABLE q80a PARTITION OF q80 DEFAULT; DROP TABLE q80a; DROP TABLE y80;
	CREATE FUNCTION w80() RETURNS int LANGUAGE sql AS 'SELECT 1'; ALTER FUNCTION w80() RENAME TO z80; DROP FUNCTION z80()");
like(run_as('owner', "SET search_path = crm; $_"), $refusal, "still refused: $_") for
	'CREATE TABLE twice (id int)', 'CREATE DOMAIN int4 AS text', 'CREATE FUNCTION upper(p varchar) RETURNS text RETURN p', 'ALTER TABLE visit RENAME TO twice',
	'DROP TABLE own2.pg_class; CREATE TABLE crm.pg_class (id int)', 'CREATE OPERATOR + (FUNCTION = texteq, LEFTARG = text, RIGHTARG = text)';

# 6. What refers to nothing guarded needs nobody; what does, an admin
make("CREATE FUNCTION up60(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN upper(\$1); END';
	CREATE FUNCTION trg60() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'; CREATE TABLE t60 ($columns, city text, at date);
	CREATE TABLE p60 ($columns, at date NOT NULL) PARTITION BY RANGE (at); CREATE TABLE a60 (name text); CREATE TABLE c60 (id bigint, phone text) INHERITS (a60);");
is_protected("crm.$_") for qw(t60 p60 c60);
make("ALTER TABLE t60 ADD COLUMN status varchar(10) DEFAULT 'new' NOT NULL CONSTRAINT st CHECK (status IN ('new', 'old'));
	ALTER TABLE t60 ADD CONSTRAINT len CHECK (length(name) > 0), ADD CHECK (id > 0 AND up60(name) IS NOT NULL);
	CREATE INDEX ON t60 (upper(name)); CREATE INDEX ON t60 (to_tsvector('simple', name)); CREATE INDEX ON t60 (phone) WHERE status = 'new';
	CREATE STATISTICS s60 ON name, status FROM t60; CREATE STATISTICS s61 ON (upper(name)), id FROM t60;
	ALTER TABLE t60 ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('simple', name)) STORED;
	ALTER TABLE t60 ALTER COLUMN city TYPE int USING (length(city) + length(t60.name)); ALTER TABLE t60 ADD EXCLUDE (city WITH =);
	CREATE TRIGGER s AFTER UPDATE ON t60 FOR EACH STATEMENT EXECUTE FUNCTION trg60(); ALTER TABLE a60 ADD CHECK (up60(name) <> '-');
	CREATE TABLE p60a (LIKE p60 INCLUDING ALL, CONSTRAINT c CHECK (at >= '2026-02-01' AND at < '2026-03-01'));
	CREATE INDEX ON p60a (up60(name));
	ALTER TABLE p60 ATTACH PARTITION p60a FOR VALUES FROM ('2026-02-01') TO ('2026-03-01')");
my $out = '';
for ('ADD COLUMN x int CHECK (own2.spy(phone))', 'ADD CHECK (length(phone) > 3)', 'ADD CHECK (own2.spy(t60::text))', 'ADD COLUMN x text GENERATED ALWAYS AS (up60(phone)) STORED',
	'ALTER city TYPE text USING up60(phone)', 'ALTER city TYPE text USING up60(t60::text)', 'ALTER city TYPE text USING (t60).phone', 'ALTER city TYPE text USING phone(t60)',
	'ALTER city TYPE text USING (SELECT t60.*::text)', 'ADD EXCLUDE (phone WITH =)', 'ADD EXCLUDE (city WITH =) WHERE (own2.spy(phone))', 'ALTER phone TYPE varchar(30)')
{
	$out = run_as('owner', "SET search_path = crm; ALTER TABLE t60 $_");
	like($out, qr/$refusal to .*of relation|$refusal to add .* to relation|42601|0A000/, "an admin is needed for $_");
}
like($out, qr/to change the type of column "phone" of relation "t60".*HINT:  Ask a member/s, 'the message says what of and whom to ask');
like(run_as('owner', "SET search_path = crm; $_"), $refusal, "an admin is needed for $_")
	for 'CREATE INDEX ON t60 (up60(phone))', 'CREATE INDEX ON t60 (id) WHERE own2.spy(phone)', 'CREATE INDEX ON t60 ((t60 IS NOT NULL))', 'CREATE STATISTICS s62 ON name, phone FROM t60',
	'CREATE STATISTICS s62 ON (up60(phone)), id FROM t60', 'CREATE TRIGGER r AFTER UPDATE ON t60 FOR EACH ROW EXECUTE FUNCTION trg60()',
	'CREATE TRIGGER r AFTER UPDATE ON t60 REFERENCING NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION trg60()',
	"CREATE TABLE p60b (LIKE p60, CHECK (own2.spy(phone))); ALTER TABLE p60 ATTACH PARTITION p60b DEFAULT",
	"CREATE TABLE p60c (LIKE p60); CREATE INDEX ON p60c (up60(phone)); ALTER TABLE p60 ATTACH PARTITION p60c DEFAULT",
	"CREATE TABLE p60d (LIKE p60, CHECK (own2.spy(p60d::text))); ALTER TABLE p60 ATTACH PARTITION p60d DEFAULT";

$node->stop;
done_testing();
