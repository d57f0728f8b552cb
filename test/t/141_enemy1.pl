# What an enemy with the source found about identity, roles, databases and the
# extension's own tables: each way in, and others of its kind.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = guard_node('enemy1');
make_roles($node);
$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN") foreach qw(dbo pool etl worker creator);
make_crm($node, 'crm', 60);
$node->safe_psql('crm', 'ALTER DATABASE crm OWNER TO dbo; GRANT contact_guard_proxy, dispatcher TO pool; GRANT dispatcher TO dbo;
	GRANT pg_write_all_data TO etl; CREATE TABLE crm.depot (id bigint PRIMARY KEY, code text); INSERT INTO crm.depot VALUES (1, \'SECRET\');
	SELECT contact_guard.protect(\'crm.depot\', customer => \'id\', columns => \'{code}\', mask => \'constant(X)\');
	GRANT SELECT ON ALL TABLES IN SCHEMA crm TO pool, worker, dbo');
my $read = 'SELECT phone FROM crm.customer WHERE id = 50';
my $who = 'SELECT contact_guard.current_actor(), phone FROM crm.customer WHERE id = 50';

# 1. A role that others lend to the pool's login
my $lent = 'pool|' . mask_of(50);
is(as($node, 'crm', 'pool', $who), $lent, 'a pool that names nobody sees masks');
my %loans = (
	'the database' => [ 'ALTER DATABASE crm SET role = dispatcher', 'ALTER DATABASE crm RESET role' ],
	'the role' => [ 'ALTER ROLE pool SET role = dispatcher', 'ALTER ROLE pool RESET role' ],
	'the role in the database' => [ 'ALTER ROLE pool IN DATABASE crm SET role = dispatcher', 'ALTER ROLE pool IN DATABASE crm RESET role' ],
	'all roles' => [ 'ALTER ROLE ALL SET role = dispatcher', 'ALTER ROLE ALL RESET role' ],
);
foreach my $loan (sort keys %loans)
{
	$node->safe_psql('postgres', $loans{$loan}[0]);
	is(as($node, 'crm', 'pool', $who), $lent, "a role that $loan is set to is not the pool's own");
	is(as($node, 'crm', 'pool', "SET ROLE none; SET ROLE dispatcher; $who"), 'dispatcher|' . phone_of(50), '... what it sets itself is');
	is(as($node, 'crm', 'pool', "SET ROLE dispatcher; RESET ROLE; $who"), $lent, '... and RESET goes back to it');
	$node->safe_psql('postgres', "SET ROLE none; $loans{$loan}[1]");
}
$node->safe_psql('crm', "GRANT USAGE, CREATE ON SCHEMA crm TO dbo");
is((as($node, 'crm', 'dbo', "CREATE FUNCTION crm.who() RETURNS text LANGUAGE plpgsql SET role = dispatcher AS
	\$\$BEGIN RETURN (SELECT contact_guard.current_actor() || '|' || phone FROM crm.customer WHERE id = 50); END\$\$"))[1], '', "a function with a role of its own");
is(as($node, 'crm', 'pool', 'SELECT crm.who()'), $lent, '... does not lend it either');
is(as($node, 'crm', 'dbo', 'SELECT crm.who()'), 'dispatcher|' . phone_of(50), '... who is no pool has it');
is(as($node, 'crm', 'pool', "BEGIN; SELECT contact_guard.act_as('eva', 'dispatcher'); $who; COMMIT") =~ s/^\n//r, 'eva|' . phone_of(50), 'whom the pool names is shown');

# 2. The group roles by another name
$node->safe_psql('postgres', 'ALTER ROLE contact_guard_proxy RENAME TO cg_proxy; ALTER ROLE contact_guard_admin RENAME TO cg_admin;
	CREATE ROLE contact_guard_admin; CREATE ROLE contact_guard_proxy; GRANT contact_guard_proxy TO eve; GRANT contact_guard_admin TO eve; GRANT cg_admin TO anna');
is(as($node, 'crm', 'pool', $who), $lent, 'renamed, the group role is what it was');
is(as($node, 'crm', 'pool', "BEGIN; SELECT contact_guard.act_as('eva', 'dispatcher'); $who; COMMIT") =~ s/^\n//r, 'eva|' . phone_of(50), '... and its members name actors');
is((as($node, 'crm', 'anna', "SELECT contact_guard.allow('worker', purpose => 'x', relation => 'crm.depot'); SELECT contact_guard.disallow('worker', 'crm.depot')"))[1], '', '... as those of the admins set policies');
$node->safe_psql('crm', 'GRANT EXECUTE ON FUNCTION contact_guard.act_as(text, regrole), contact_guard.allow(regrole, text, regclass, text) TO eve');
is(state_of((as($node, 'crm', 'eve', "SELECT contact_guard.act_as('boss')"))[1]), '42501', 'a role of the old name names nobody');
is(state_of((as($node, 'crm', 'eve', "SELECT contact_guard.allow('eve', purpose => 'x')"))[1]), '42501', '... and sets no policy');
$node->safe_psql('crm', 'REVOKE EXECUTE ON FUNCTION contact_guard.act_as(text, regrole), contact_guard.allow(regrole, text, regclass, text) FROM eve');
$node->safe_psql('postgres', 'DROP ROLE contact_guard_admin, contact_guard_proxy; ALTER ROLE cg_proxy RENAME TO contact_guard_proxy; ALTER ROLE cg_admin RENAME TO contact_guard_admin;
	REVOKE contact_guard_admin FROM anna');
$node->safe_psql('crm', "SET allow_system_table_mods = on; CREATE TABLE public.kept AS SELECT * FROM pg_init_privs WHERE objoid = 'contact_guard.act_as(text, regrole)'::regprocedure;
	DELETE FROM pg_init_privs WHERE objoid = 'contact_guard.act_as(text, regrole)'::regprocedure; GRANT EXECUTE ON FUNCTION contact_guard.act_as(text, regrole) TO contact_guard_proxy");
is(as($node, 'crm', 'pool', $who), $lent, 'where nobody can tell which role it is, whoever may name actors has no permission of his own');
is(state_of((as($node, 'crm', 'pool', "SELECT contact_guard.act_as('eva')"))[1]), '42501', '... and names none');
$node->safe_psql('crm', "SET allow_system_table_mods = on; INSERT INTO pg_init_privs SELECT * FROM public.kept; DROP TABLE public.kept; GRANT EXECUTE ON FUNCTION contact_guard.act_as(text, regrole) TO contact_guard_proxy");
is((as($node, 'crm', 'pool', "BEGIN; SELECT contact_guard.act_as('eva'); ROLLBACK"))[1], '', '... and then it is known again');

# 3. Locks on our tables, and numbers
$node->safe_psql('crm', 'GRANT USAGE, CREATE ON SCHEMA crm TO etl');
is((as($node, 'crm', 'etl', 'CREATE VIEW crm.mine AS SELECT 1 FROM contact_guard.access_log; CREATE VIEW crm.upon AS SELECT * FROM crm.mine WHERE EXISTS (SELECT FROM contact_guard.permission);
	CREATE VIEW crm.inner AS WITH x AS (SELECT (SELECT role FROM contact_guard.permission LIMIT 1)) SELECT * FROM x; CREATE TABLE crm.own (a int); CREATE VIEW crm.harmless AS SELECT * FROM crm.own'))[1], '', "views of an ETL role's");
foreach my $table (qw(contact_guard.permission contact_guard.log crm.mine crm.upon crm.inner contact_guard.access_log), 'ONLY contact_guard.journal_state', 'crm.own, contact_guard.held')
{
	foreach my $mode ('ACCESS SHARE', 'ACCESS EXCLUSIVE')
	{
		is(state_of((as($node, 'crm', 'etl', "BEGIN; LOCK TABLE $table IN $mode MODE"))[1]), '42501', "LOCK TABLE $table IN $mode MODE is refused");
	}
}
is((as($node, 'crm', 'etl', 'BEGIN; LOCK TABLE crm.own, crm.harmless; ROLLBACK'))[1], '', '... of his own it is not');
is((as($node, 'crm', 'postgres', 'BEGIN; LOCK TABLE contact_guard.log; ROLLBACK'))[1], '', '... nor to a superuser');
is($node->safe_psql('crm', "SELECT count(*) FROM pg_class WHERE relnamespace = 'contact_guard'::regnamespace AND relkind = 'S'"), 0, 'we have no sequence that he could set');
my $open = "SELECT contact_guard.open_intervention('7'::text, 'anna', now(), now() + '1 hour')";
is($node->safe_psql('crm', "$open; $open"), "1\n2", 'interventions are numbered');
my ($one, $other) = (session($node, 'crm', 'postgres'), session($node, 'crm', 'postgres'));
$one->query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
$other->query("BEGIN; $open");
$node->safe_psql('crm', "SELECT contact_guard.close_intervention(1)");
pass('... while one is being opened another can be closed');
$one->query_until(qr/asked/, "\\echo asked\n$open;\n");
$other->query('COMMIT');
is($one->query("SELECT max(id) FROM contact_guard.intervention; COMMIT") =~ s/\s*$//r =~ s/.*\n//sr, 4, '... and whoever waits for a number draws the next, in an old snapshot too');
$_->quit foreach $one, $other;
is($node->safe_psql('crm', "BEGIN; $open; ROLLBACK; SELECT contact_guard.open_intervention(8::bigint, 'anna', now(), now() + '1 hour') FROM generate_series(1, 2)"), "5\n5\n6", '... and what is rolled back was no number');

# 4. Void rows
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
$node->safe_psql('crm', "INSERT INTO contact_guard.permission VALUES ('worker', NULL, 'years ago', 'recorded'), ('worker', 'crm.customer', 'years ago', 'bulk')");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;
is(as($node, 'crm', 'worker', $read), mask_of(50), 'a void row shows nothing');
$node->safe_psql('crm', "BEGIN; SELECT contact_guard.allow('worker', purpose => 'depots', relation => 'crm.depot'); ROLLBACK");
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.permission WHERE role = 'worker'::regrole"), 2, 'ROLLBACK brings it back');
$node->safe_psql('crm', "SELECT contact_guard.allow('worker', purpose => 'depots', relation => 'crm.depot')");
is(as($node, 'crm', 'worker', 'SELECT code FROM crm.depot'), 'SECRET', 'with another permission that is allowed');
is(as($node, 'crm', 'worker', $read), mask_of(50), '... it shows nothing either');
is(log_rows($node, 'crm', "event = 'policy' AND reason = 'disallow worker on all relations: void permissions are deleted'"), 1, '... with a record');
$node->safe_psql('crm', "SELECT contact_guard.allow('worker', purpose => 'letters', relation => 'crm.customer')");
is(as($node, 'crm', 'worker', 'SELECT code FROM crm.depot; ' . $read), "SECRET\n" . phone_of(50), 'what is in force stays beside a third');

# 5. What a REINDEX has left
my $locker = session($node, 'crm', 'postgres');
$locker->query('BEGIN; LOCK TABLE contact_guard.held IN SHARE MODE');
like((as($node, 'crm', 'postgres', "SET lock_timeout = '500ms'; REINDEX TABLE CONCURRENTLY contact_guard.held"))[1], qr/lock timeout/, 'a REINDEX is broken off');
$locker->query('SELECT count(*) FROM contact_guard.held; COMMIT');
$locker->query('BEGIN; SELECT count(*) FROM contact_guard.held');
like((as($node, 'crm', 'postgres', "SET statement_timeout = '1s'; REINDEX TABLE CONCURRENTLY contact_guard.held"))[1], qr/timeout/, '... and another, later');
$locker->quit;
my $left = $node->safe_psql('crm', "SELECT string_agg(indexrelid::regclass::text, ' ') FROM pg_index WHERE NOT indisvalid AND indrelid = 'contact_guard.held'::regclass");
like($left, qr/_cc(new|old)/, 'they have left an index');
foreach my $index (split ' ', $left)
{
	is(state_of((as($node, 'crm', 'dbo', "DROP INDEX $index"))[1]), '42501', '... that not everybody can drop');
	is((as($node, 'crm', 'postgres', "DROP INDEX $index"))[1], '', '... but a superuser');
}
is(state_of((as($node, 'crm', 'postgres', 'DROP INDEX contact_guard.restored_log_seq_idx'))[1]), '42501', '... and no other of ours');

# 6. Commands that PostgreSQL refuses send no recorder away
$node->safe_psql('postgres', 'CREATE DATABASE there');
log_rows($node, 'crm', 'true');
my $recorder = "SELECT pid FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder' AND datname = 'crm'";
my $pid = $node->safe_psql('postgres', $recorder);
like($pid, qr/^\d+$/, 'a recorder runs');
my $outside = session($node, 'postgres', 'dbo');
foreach my $sql ('CREATE DATABASE z TEMPLATE crm', 'BEGIN; DROP DATABASE crm; ROLLBACK', 'ALTER DATABASE crm RENAME TO z', 'DO $$BEGIN DROP DATABASE crm; END$$', 'SELECT 1\; DROP DATABASE crm')
{
	as($node, 'crm', 'eve', $read);
	$outside->query($sql);
	like($outside->{stderr}, qr/ERROR/, "refused: $sql");
	$outside->{stderr} = '';
	is($node->safe_psql('postgres', $recorder), $pid, '... and the recorder stays');
}
$outside->quit;

# 7. Records are not made up, statistics of nothing are nobody's, and settings change no script.
$node->safe_psql('crm', 'GRANT EXECUTE ON FUNCTION contact_guard.record_policy(text) TO eve');
is(state_of((as($node, 'crm', 'eve', "SELECT contact_guard.record_policy('forged')"))[1]), '42501', 'no record can be made up');
is(as($node, 'crm', 'eve', "SELECT contact_guard.statistics_visible(0, 0::int2), contact_guard.statistics_visible(4294967295, 1::int2), contact_guard.statistics_ext_visible(0), contact_guard.statistics_ext_visible(1259)"),
	'f|f|f|f', 'statistics of what is not there');
$node->safe_psql('postgres', 'CREATE DATABASE odd OWNER dbo');
is((as($node, 'postgres', 'dbo', join ' ', map { "ALTER DATABASE odd SET $_;" } 'standard_conforming_strings = off', 'transform_null_equals = on', 'array_nulls = off', "default_toast_compression = 'lz4'",
		"DateStyle = 'SQL, DMY'", "IntervalStyle = 'sql_standard'", "bytea_output = 'escape'", 'quote_all_identifiers = on', 'escape_string_warning = on', "backslash_quote = off"))[1], '', 'odd settings of a database');
is((as($node, 'odd', 'postgres', 'SET client_min_messages = warning; CREATE EXTENSION contact_guard'))[1], '', '... in which the extension is made all the same');
is($node->safe_psql('odd', "SELECT contact_guard.sync(); SELECT count(*) FROM contact_guard.log l WHERE contact_guard.leaf(seq) IS NULL"), "\n0", '... and its leaves are computed');

# 8. A copy of the database, in which a read is on record, is not for everybody
$node->safe_psql('postgres', 'ALTER ROLE creator CREATEDB; ALTER ROLE dbo CREATEDB; CREATE DATABASE plain OWNER dbo; CREATE DATABASE ready OWNER dbo');
$node->safe_psql('ready', 'CREATE EXTENSION contact_guard; CREATE TABLE t (id bigint PRIMARY KEY, phone text)');
$node->safe_psql('ready', 'SELECT contact_guard.sync()');
sub copied { my ($user, $template, $how) = @_;
	my $err = (as($node, 'postgres', $user, "CREATE DATABASE copied TEMPLATE $template " . ($how // '')))[1];
	is((as($node, 'postgres', 'postgres', 'DROP DATABASE IF EXISTS copied'))[1] =~ s/.*NOTICE.*\n.*\n?//r, '', '... (and dropped)');
	return state_of($err) }
is(copied('dbo', 'crm', $_), '42501', "its owner cannot copy a database with guarded columns $_") foreach '', 'STRATEGY file_copy', 'OWNER dbo';
$node->safe_psql('postgres', 'ALTER DATABASE crm IS_TEMPLATE true');
is(copied('creator', 'crm'), '42501', '... nor can anybody else, of a template');
$node->safe_psql('postgres', 'ALTER DATABASE crm IS_TEMPLATE false');
is(copied('postgres', 'crm'), '', '... but a superuser');
is(copied('dbo', 'plain'), '', 'one without the extension is copied');
is(copied('dbo', 'ready'), '', '... and one with it that guards nothing');
is(copied('creator', 'template0'), '', '... and any that is made anew');
$node->safe_psql('ready', "SET client_min_messages = error; BEGIN; SELECT contact_guard.protect('t', customer => 'id', columns => '{phone}'); COMMIT");
is(copied('dbo', 'ready'), '42501', '... not when it guards something');
$node->restart;
is(copied('dbo', 'plain'), '', 'right after a restart it is waited for, one by one');
is(copied('dbo', 'ready'), '42501', '... with the same answers');
is(copied('dbo', 'crm'), '42501', '... for each');

# 9. The installer becomes an ordinary role
$node->safe_psql('postgres', 'CREATE ROLE dba LOGIN SUPERUSER; CREATE DATABASE his');
is((as($node, 'his', 'dba', "SET client_min_messages = error; CREATE EXTENSION contact_guard; CREATE TABLE c (id bigint PRIMARY KEY, phone text); INSERT INTO c VALUES (1, 'SECRET');
	SELECT contact_guard.protect('c', customer => 'id', columns => '{phone}', mask => 'constant(X)')"))[1], '', 'another superuser installs');
is($node->safe_psql('his', q(SELECT string_agg(DISTINCT r.rolname, ' ') FROM pg_roles r, (
	SELECT relowner AS o FROM pg_class WHERE relnamespace = 'contact_guard'::regnamespace UNION ALL SELECT proowner FROM pg_proc WHERE pronamespace = 'contact_guard'::regnamespace
	UNION ALL SELECT typowner FROM pg_type WHERE typnamespace = 'contact_guard'::regnamespace UNION ALL SELECT nspowner FROM pg_namespace WHERE nspname = 'contact_guard') x WHERE r.oid = o)), 'postgres',
	'... and everything is the bootstrap superuser\'s');
is($node->safe_psql('his', q(SELECT count(*) FROM (SELECT (aclexplode(initprivs)).grantor FROM pg_init_privs WHERE objoid >= 16384) p WHERE grantor::regrole <> 'postgres'::regrole)), 0, '... so are the privileges that pg_dump compares with');
$node->safe_psql('postgres', 'ALTER ROLE dba NOSUPERUSER');
is(as($node, 'his', 'dba', 'SELECT phone FROM c'), 'X', 'who is no superuser any more sees masks');
foreach my $sql ("SELECT contact_guard.record_policy('forged')", 'GRANT EXECUTE ON FUNCTION contact_guard.standing_permission() TO dba', 'DROP EXTENSION contact_guard', 'DROP SCHEMA contact_guard CASCADE',
	'BEGIN; LOCK TABLE contact_guard.log', 'TABLE contact_guard.journal_key', "COMMENT ON TABLE contact_guard.log IS 'x'", 'DROP OWNED BY dba', 'ALTER EXTENSION contact_guard UPDATE TO \'1.0\'')
{
	isnt(state_of((as($node, 'his', 'dba', $sql))[1]), '', "... and is refused: $sql");
}
is(as($node, 'his', 'dba', 'SELECT phone FROM c'), 'X', '... masks as before');
# Of a database that version 1.0 was installed in they are his
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
$node->safe_psql('his', 'ALTER FUNCTION contact_guard.reveal(anyelement, "any", contact_guard.site) OWNER TO dba');
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;
like((as($node, 'his', 'dba', 'SELECT phone FROM c'))[1], qr/reveal.*does not exist.*Role "dba", which has installed the extension, is not a superuser any more/s, 'a function of his is not ours, and the error says what to do');
my $reader = session($node, 'his', 'dba');
$node->safe_psql('postgres', 'ALTER ROLE dba SUPERUSER');
is($reader->query('SELECT phone FROM c'), 'SECRET', '... as long as he is none');
$node->safe_psql('postgres', 'ALTER ROLE dba NOSUPERUSER');
$reader->{stderr} = '';
is($reader->query('SELECT phone FROM c'), '', '... in a session that goes on, too');
$reader->quit;
$node->stop;

# 10. Each database's recorder has its turn
my $few = guard_node('few', 'max_worker_processes = 4');
make_roles($few);
make_crm($few, $_, 60) foreach qw(y1 y2 y3 y4 crm);
log_rows($few, 'crm', 'true');
my @busy = map { session($few, $_, 'anna') } qw(y1 y2 y3 y4);
my ($busy, $slowest) = (0, 0);
my $start = time;
foreach my $round (1 .. 60)
{
	$_->query('SELECT count(phone) FROM crm.customer') foreach @busy;
	if ($round % 20 == 10)
	{
		my $before = time;
		as($few, 'crm', 'eve', $read);
		$few->safe_psql('crm', 'SELECT contact_guard.sync()');
		$slowest = time - $before if time - $before > $slowest;
	}
	usleep(150_000);
}
cmp_ok($slowest, '<', 12, "with fewer workers than busy databases a record waits for its turn only ($slowest s)");
foreach my $db (qw(y1 y2 y3 y4 crm))
{
	ok(log_is_whole($few, $db), "$db: nothing is lost");
}
$_->quit foreach @busy;
$few->stop;
done_testing();
