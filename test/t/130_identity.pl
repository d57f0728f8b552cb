# What is the extension's own: by membership, never by name.  Databases without the
# extension, schemas that were there before, default privileges, altered members.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = guard_node('identity');
make_roles($node);
make_crm($node, 'crm', 60);
$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN CREATEDB; CREATE ROLE report LOGIN; CREATE ROLE squat LOGIN');

sub alive { my ($what) = @_; return is($node->safe_psql('crm', 'SELECT 1'), 1, "$what: the server is there"); }

# Nobody has come to a database: the recorder would have announced itself.
sub no_recorder_works
{
	my ($dbname) = @_;
	usleep(700_000);
	return is($node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity
		WHERE backend_type = 'contact_guard recorder' AND datname = '$dbname'"), 0, "no recorder stays in $dbname");
}

# 1. Databases without the extension, with relations of our names
my $state = q(only_row boolean, system_identifier bigint, database oid, epoch integer, epoch_recorded boolean,
	mac_key bytea, position pg_lsn, log_size bigint, rejected bigint, gaps bigint, gaps_acknowledged bigint,
	origin text, origin_number integer, verification_keys text);
my $row = q(true, 1, 1, 1, true, decode(repeat('00', 32), 'hex'), '0/0', 0, 0, 0, 0, NULL, 1, NULL);
my %fakes = (
	trigger => "CREATE TABLE x.journal_state ($state); INSERT INTO x.journal_state VALUES ($row);
		CREATE TABLE x.log (seq bigint);
		CREATE FUNCTION x.t() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN ALTER ROLE mallory SUPERUSER; RETURN NEW; END';
		CREATE TRIGGER t BEFORE UPDATE ON x.journal_state FOR EACH ROW EXECUTE FUNCTION x.t();",
	view => 'CREATE VIEW x.journal_state AS SELECT true AS a; CREATE VIEW x.log AS SELECT 1 AS seq;',
	columns => 'CREATE TABLE x.journal_state AS SELECT ' . join(', ', map { "1234567890123456789 AS c$_" } 1 .. 600)
		. '; CREATE VIEW x.log AS SELECT 1 AS seq;',
	types => 'CREATE TABLE x.journal_state AS SELECT ' . join(', ', map { "4702111234474983745 AS c$_" } 1 .. 14)
		. '; CREATE VIEW x.log AS SELECT 1 AS seq;',
	# by the planner hook, by has_privs of others, by what COPY asks for
	functions => "CREATE DOMAIN x.site AS bigint; CREATE TABLE x.permission (role text, relation text, purpose int, level int);
		INSERT INTO x.permission VALUES ('a', 'b', 1, 2); CREATE TABLE x.restored_log (seq bigint); CREATE VIEW x.access_log AS SELECT 1 AS seq;
		CREATE VIEW x.log AS SELECT 1 AS seq; CREATE TABLE x.log_2026_11 (seq bigint);
		CREATE FUNCTION x.reveal(anyelement, \"any\", x.site) RETURNS anyelement LANGUAGE internal AS 'int8up';",
	partitions => "CREATE TABLE x.log (seq bigint, read_at timestamptz) PARTITION BY RANGE (read_at);
		CREATE TABLE x.log_all PARTITION OF x.log DEFAULT; CREATE TABLE x.journal_state (only_row boolean);",
);
foreach my $name (sort keys %fakes)
{
	$node->safe_psql('postgres', "CREATE DATABASE fake_$name OWNER mallory");
	my $sql = $name eq 'functions' ? $fakes{$name} =~ s/CREATE FUNCTION.*//sr : $fakes{$name};
	my (undef, $err) = as($node, "fake_$name", 'mallory', "CREATE SCHEMA x; $sql ALTER SCHEMA x RENAME TO contact_guard");
	is($err, '', "a database of his with $name");
	(undef, $err) = as($node, "fake_$name", 'mallory', 'TABLE contact_guard.log');
	is($err, '', '... in which a table called log is a table');
	(undef, $err) = as($node, "fake_$name", 'mallory', $name eq 'functions' ?
		'COPY contact_guard.restored_log TO STDOUT; INSERT INTO contact_guard.log_2026_11 VALUES (1); DROP TABLE contact_guard.log_2026_11; TRUNCATE contact_guard.permission' :
		'ALTER SCHEMA contact_guard RENAME TO y; ALTER SCHEMA y RENAME TO contact_guard');
	is($err, '', '... and may be changed and dropped');
	no_recorder_works("fake_$name");
}
alive('before a restart');
$node->restart;
# The census asks each database.
make_crm($node, 'after', 5);
is(log_rows($node, 'after', "event = 'epoch'"), 1, 'after a restart the census has asked them all');
no_recorder_works("fake_$_") foreach sort keys %fakes;
is($node->safe_psql('postgres', "SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory'"), 'f', 'mallory is no superuser');
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC/, 'nothing has crashed');

# 2. The schema was there before
my %squats = (
	'an empty one of his' => [ 'CREATE SCHEMA contact_guard', qr/belongs to a role that is not a superuser/ ],
	'with a better match for a call of the script' => [ "CREATE SCHEMA contact_guard;
		CREATE FUNCTION contact_guard.use_interventions(relation text, customer text, technician text, opens_at text, closes_at text, open_when text)
		RETURNS void LANGUAGE plpgsql AS 'BEGIN ALTER ROLE squat SUPERUSER; END'", qr/belongs to a role that is not a superuser/ ],
	'with an operator' => [ "CREATE SCHEMA contact_guard;
		CREATE FUNCTION contact_guard.eq(name, name) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN ALTER ROLE squat SUPERUSER; RETURN true; END';
		CREATE OPERATOR contact_guard.= (LEFTARG = name, RIGHTARG = name, FUNCTION = contact_guard.eq)", qr/belongs to a role that is not a superuser/ ],
);
my $n = 0;
foreach my $squat (sort keys %squats)
{
	my $db = 'squat' . $n++;
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	$node->safe_psql($db, 'GRANT CREATE ON DATABASE ' . $db . ' TO squat');
	is((as($node, $db, 'squat', $squats{$squat}[0]))[1], '', "a schema, $squat");
	like((as($node, $db, 'postgres', 'CREATE EXTENSION contact_guard'))[1], $squats{$squat}[1], '... is refused');
	is($node->safe_psql($db, 'SELECT count(*) FROM pg_proc WHERE probin ~ \'contact_guard\''), 0, '... and nothing stays');
}
is($node->safe_psql('postgres', "SELECT rolsuper FROM pg_roles WHERE rolname = 'squat'"), 'f', 'squat is no superuser');
$node->safe_psql('postgres', 'CREATE DATABASE before');
my %befores = (
	'with a grant' => [ 'GRANT CREATE ON SCHEMA contact_guard TO squat', qr/privileges have been granted/ ],
	'with a domain' => [ 'CREATE DOMAIN contact_guard.t AS text', qr/not empty/ ],
	'with a collation' => [ "CREATE COLLATION contact_guard.c (LOCALE = 'C')", qr/not empty/ ],
	'with default privileges in it' => [ 'ALTER DEFAULT PRIVILEGES IN SCHEMA contact_guard GRANT SELECT ON TABLES TO squat', qr/not empty/ ],
	"of another role's" => [ 'ALTER SCHEMA contact_guard OWNER TO squat', qr/belongs to a role/ ],
);
foreach my $before (sort keys %befores)
{
	$node->safe_psql('before', "CREATE SCHEMA contact_guard; $befores{$before}[0]");
	like((as($node, 'before', 'postgres', 'CREATE EXTENSION contact_guard'))[1], $befores{$before}[1], "a schema $before is refused");
	$node->safe_psql('before', 'SET client_min_messages = error; DROP SCHEMA contact_guard CASCADE');
}
$node->safe_psql('before', 'CREATE SCHEMA contact_guard');
foreach my $time (1, 2, 3)
{
	is((as($node, 'before', 'postgres', 'SET client_min_messages = warning; CREATE EXTENSION contact_guard'))[1], '', "an empty one of a superuser's is not (time $time)");
	is((as($node, 'before', 'postgres', 'DROP EXTENSION contact_guard'))[1], '', '... and DROP EXTENSION leaves one like it');
}
is((as($node, 'before', 'postgres', "BEGIN; DROP SCHEMA contact_guard; SAVEPOINT s; SET client_min_messages = warning; CREATE EXTENSION contact_guard; COMMIT"))[1], '',
	'the schema may be of a subtransaction');

# 3. Default privileges
my $acls = q(SELECT format('%s|%s|%s', kind, what, acl) FROM (
	SELECT 'relation' AS kind, oid::regclass::text AS what, relacl AS acl FROM pg_class WHERE relnamespace = 'contact_guard'::regnamespace
	UNION ALL SELECT 'function', oid::regprocedure::text, proacl FROM pg_proc WHERE pronamespace = 'contact_guard'::regnamespace
	UNION ALL SELECT 'type', oid::regtype::text, typacl FROM pg_type WHERE typnamespace = 'contact_guard'::regnamespace
	UNION ALL SELECT 'schema', nspname, nspacl FROM pg_namespace WHERE nspname = 'contact_guard'
	UNION ALL SELECT 'column', attrelid::regclass || '.' || attname, attacl FROM pg_attribute WHERE attacl IS NOT NULL AND attrelid >= 16384
	UNION ALL SELECT 'initial', pg_describe_object(classoid, objoid, objsubid), initprivs FROM pg_init_privs WHERE objoid >= 16384) a ORDER BY 1);
$node->safe_psql('postgres', "CREATE DATABASE $_") foreach qw(plain hostile);
my $everything = sub { my ($what, $whom) = @_; return join ' ', map { "ALTER DEFAULT PRIVILEGES $what ALL ON $_ $whom;" } qw(TABLES SEQUENCES FUNCTIONS TYPES SCHEMAS) };
$node->safe_psql('hostile', $everything->('GRANT', 'TO report, contact_guard_auditor, contact_guard_proxy WITH GRANT OPTION')
	. $everything->('GRANT', 'TO PUBLIC') . $everything->('REVOKE', 'FROM postgres'));
foreach my $db (qw(plain hostile))
{
	$node->safe_psql($db, 'CREATE EXTENSION contact_guard');
	log_rows($node, $db, 'true');
}
cmp_ok($node->safe_psql('hostile', "SELECT count(*) FROM pg_class WHERE relname ~ '^log_\\d+_\\d+\$'"), '>=', 1, 'the recorder has made partitions');
is($node->safe_psql('hostile', $acls), $node->safe_psql('plain', $acls), 'all privileges are those of a database without default privileges');
is($node->safe_psql('hostile', "SELECT count(*) FROM pg_shdepend d JOIN pg_roles r ON r.oid = d.refobjid
	WHERE r.rolname = 'report' AND d.dbid = (SELECT oid FROM pg_database WHERE datname = 'hostile') AND d.classid <> 'pg_default_acl'::regclass"), 0,
	'... and nothing else depends on the report role');
foreach my $sql ('SELECT * FROM contact_guard.log', 'SELECT * FROM contact_guard.journal_state', "SELECT contact_guard.record_policy('x')",
	'CREATE DOMAIN contact_guard.t AS text', 'CREATE TABLE contact_guard.log_2030_01 (seq bigint)')
{
	is(state_of((as($node, 'hostile', 'report', $sql))[1]), '42501', "refused to the report role: $sql");
}
# A purge makes the month's partition anew.
$node->safe_psql('hostile', q(SELECT contact_guard.record_policy('x'); SELECT contact_guard.sync()));
is((as($node, 'hostile', 'postgres', 'DROP EXTENSION contact_guard; SET client_min_messages = warning; CREATE EXTENSION contact_guard'))[1], '', 'once more');
log_rows($node, 'hostile', 'true');
is($node->safe_psql('hostile', $acls), $node->safe_psql('plain', $acls), '... with the same privileges');

# 4. Nobody makes or alters anything in the schema
foreach my $sql ('CREATE FUNCTION contact_guard.reveal(text, bigint, bigint) RETURNS text LANGUAGE sql RETURN $1',
	'CREATE DOMAIN contact_guard.t AS text', 'CREATE TABLE contact_guard.log_2031_01 (seq bigint)', 'CREATE VIEW contact_guard.v AS SELECT 1',
	'CREATE SEQUENCE contact_guard.s', 'CREATE TYPE contact_guard.e AS ENUM ()', "CREATE COLLATION contact_guard.c (LOCALE = 'C')",
	'CREATE OPERATOR contact_guard.@#@ (RIGHTARG = int, FUNCTION = int4abs)',
	'CREATE TABLE public.t (a int); ALTER TABLE public.t SET SCHEMA contact_guard',
	'CREATE FUNCTION public.f() RETURNS int LANGUAGE sql RETURN 1; ALTER FUNCTION public.f() SET SCHEMA contact_guard',
	'ALTER FUNCTION contact_guard.reveal(anyelement, "any", contact_guard.site) COST 1',
	'ALTER FUNCTION contact_guard.purge(timestamptz, text) OWNER TO report',
	"CREATE OR REPLACE FUNCTION contact_guard.current_actor() RETURNS text LANGUAGE sql SET search_path = pg_catalog RETURN 'boss'",
	'ALTER FUNCTION contact_guard.keep(anyelement, anyelement, "any", contact_guard.site) RENAME TO kept',
	'ALTER TYPE contact_guard.site OWNER TO report', 'ALTER SCHEMA contact_guard RENAME TO other', 'ALTER SCHEMA contact_guard OWNER TO report',
	'CREATE OR REPLACE VIEW contact_guard.access_log AS SELECT 1', 'ALTER VIEW contact_guard.access_log RENAME TO old_log',
	'CREATE TRIGGER t BEFORE INSERT ON contact_guard.log EXECUTE FUNCTION suppress_redundant_updates_trigger()',
	'CREATE RULE r AS ON INSERT TO contact_guard.held DO INSTEAD NOTHING', 'CREATE POLICY p ON contact_guard.held',
	'CREATE TABLE public.child () INHERITS (contact_guard.held)', 'ALTER EXTENSION contact_guard DROP FUNCTION contact_guard.sync()',
	'CREATE STATISTICS public.s ON actor, login FROM contact_guard.log', 'TRUNCATE contact_guard.held')
{
	is(state_of((as($node, 'crm', 'postgres', "BEGIN; $sql; ROLLBACK"))[1]), '42501', "refused to a superuser: $sql");
}
is((as($node, 'crm', 'postgres', 'REINDEX TABLE CONCURRENTLY contact_guard.held; VACUUM FULL contact_guard.query_text; REINDEX SCHEMA contact_guard; ANALYZE contact_guard.log'))[1], '',
	'maintenance is not');
is((as($node, 'crm', 'postgres', 'CREATE VIEW public.mine AS SELECT * FROM contact_guard.access_log; DROP VIEW public.mine'))[1], '', "nor is a view of one's own");

# A transaction that has failed looks nothing up.
is((as($node, 'crm', 'mallory', "BEGIN; CREATE FUNCTION pg_temp.f() RETURNS int LANGUAGE sql RETURN 1; SELECT f(); ROLLBACK; SELECT 1/0; SELECT 1"))[0] =~ s/\s//gr, 1,
	'ROLLBACK of what has made a function');
# What looks like a table that Citus has distributed; there is no Citus here.
$node->safe_psql('crm', q(SET allow_system_table_mods = on;
	INSERT INTO pg_extension VALUES (16000, 'citus', 10, 11, false, '12.0', NULL, NULL);
	CREATE TABLE pg_catalog.pg_dist_partition (logicalrelid regclass, partmethod "char");
	CREATE TABLE public.spread (id bigint, phone text); INSERT INTO pg_dist_partition VALUES ('public.spread', 'h')));
my $protect = "SELECT contact_guard.protect('public.spread', customer => 'id', columns => '{phone}', mask => 'constant(X)')";
is((as($node, 'crm', 'postgres', "BEGIN; $protect; ROLLBACK"))[1], '', "a table of Citus's names is no member of it");
$node->safe_psql('crm', 'ALTER EXTENSION citus ADD TABLE pg_catalog.pg_dist_partition');
like((as($node, 'crm', 'postgres', $protect))[1], qr/0A000.*distributed by Citus/, 'a distributed table cannot be protected');

# 5. Without the library a superuser may do anything; with it the library says so, and does not crash.
$node->safe_psql('crm', 'CREATE TABLE public.x (a int)');
my $unloaded = sub {
	my ($sql) = @_;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->restart;
	$node->safe_psql('crm', $sql);
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->restart;
	usleep(500_000);
	return;
};
my $read = 'SELECT phone FROM crm.customer WHERE id = 50';
my @altered = (
	[ 'a column of another type', 'ALTER TABLE contact_guard.journal_key ALTER mac_key TYPE bigint USING 1234567890123456789',
		q(ALTER TABLE contact_guard.journal_key ALTER mac_key TYPE bytea USING decode(repeat('00', 32), 'hex')), qr/journal_key.*not the one.*mac_key/s ],
	[ 'a column that is gone', 'ALTER TABLE contact_guard.permission RENAME level TO height', 'ALTER TABLE contact_guard.permission RENAME height TO level', qr/permission.*not the one.*level/s ],
	[ 'a table of its name', 'ALTER EXTENSION contact_guard DROP TABLE contact_guard.held', 'ALTER EXTENSION contact_guard ADD TABLE contact_guard.held', qr/held.*not the one.*does not exist/s ],
	[ 'another owner', 'ALTER TABLE contact_guard.tile_edge OWNER TO report', 'ALTER TABLE contact_guard.tile_edge OWNER TO postgres', qr/tile_edge.*not the one.*does not exist/s ],
	[ 'a function in SQL', q(CREATE OR REPLACE FUNCTION contact_guard.reveal(value anyelement, customer "any", site contact_guard.site) RETURNS anyelement LANGUAGE c STABLE STRICT AS '$libdir/contact_guard', 'cg_site_out'),
		q(CREATE OR REPLACE FUNCTION contact_guard.reveal(value anyelement, customer "any", site contact_guard.site) RETURNS anyelement LANGUAGE c STABLE STRICT AS '$libdir/contact_guard', 'cg_reveal'), qr/reveal.*not the library's/ ],
	[ 'another name of the schema', 'ALTER SCHEMA contact_guard RENAME TO aside; CREATE SCHEMA contact_guard', 'DROP SCHEMA contact_guard; ALTER SCHEMA aside RENAME TO contact_guard', qr/schema of extension "contact_guard" is called "aside"/ ],
);
foreach my $altered (@altered)
{
	my ($what, $sql, $back, $expected) = @$altered;
	$unloaded->($sql);
	foreach my $query ($read, $what =~ /function|schema/ ? () : 'SELECT guard FROM contact_guard.status()')
	{
		my ($out, $err) = as($node, 'crm', $query eq $read ? 'eve' : 'postgres', $query);
		is($out, '', "$what: nothing is shown");
		like($err, $expected, "... but said: $query");
	}
	is((as($node, 'crm', 'postgres', 'BEGIN; DROP TABLE public.x; CREATE ROLE nobody; DROP ROLE nobody; DROP OWNED BY squat; ROLLBACK'))[1], '', '... other commands work');
	$unloaded->($back);
}
# A column more is what a later version may have.
$unloaded->('ALTER TABLE contact_guard.log ADD more text');
is((as($node, 'crm', 'eve', $read))[0], mask_of(50), 'a column more: reads go on');
cmp_ok(log_rows($node, 'crm', "actor = 'eve'"), '>', 0, '... and so do records');
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP/, 'nothing has crashed');
$node->stop;
done_testing();
