# What contact_guard refuses is on record, whatever becomes of the attempt: rolled
# back, caught inside the server, killed.  And it fills nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = guard_node('refused', { allows_streaming => 1 }, 'fsync = on', 'restart_after_crash = on', 'autovacuum = off');
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', q(CREATE ROLE aud LOGIN IN ROLE contact_guard_auditor; CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy;
	CREATE ROLE adm LOGIN IN ROLE contact_guard_admin; GRANT eve TO anna;
	CREATE SCHEMA anna AUTHORIZATION anna; GRANT SELECT, TRIGGER ON crm.customer TO aud, pool, anna, eve;
	CREATE TABLE anna.note (t text); GRANT ALL ON anna.note TO anna;
	CREATE TABLE crm.secret (t text);));

my $trigger = 'CREATE TRIGGER t BEFORE INSERT ON crm.customer FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()';
my $plan = 'DECLARE c CURSOR WITH HOLD FOR SELECT phone FROM crm.customer';	# writes nothing by itself
my $store = 'INSERT INTO anna.note SELECT phone FROM crm.customer WHERE id = 50';

# What is new in the log since the last call, as "actor|relation|columns|count|reason"
my $seen = 0;
sub fresh
{
	my ($where) = @_;
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my $rows = $node->safe_psql('crm', "SELECT actor, relation, columns, count, reason FROM contact_guard.log
		WHERE event = 'refused' AND seq >= $seen AND " . ($where // 'true') . ' ORDER BY seq');
	$seen = $node->safe_psql('crm', 'SELECT max(seq) + 1 FROM contact_guard.log');
	return $rows;
}

sub attempts
{
	my ($rows) = @_;
	my $sum = 0;
	$sum += (split /\|/)[3] foreach split /\n/, $rows;
	return $sum;
}

# refused(NAME, USER, SQL, STATE, PATTERN): one attempt, one record
sub refused
{
	my ($name, $user, $sql, $state, $pattern) = @_;
	my (undef, $err) = as($node, 'crm', $user, $sql);
	is(state_of($err), $state, "$name: refused");
	my $rows = fresh();
	like($rows, qr/^$pattern$/, "$name: is on record, once");
	return;
}

fresh();
refused('storing a mask', 'anna', $store, '42501',
	qr/anna\|crm.customer\|\{phone\}\|1\|42501: withheld values of guarded column crm.customer.phone cannot be stored/);
refused('a command without a plan', 'anna', $trigger, '42501', qr/anna\|crm.customer\|\|1\|42501: must be a member .* trigger .*"customer"/);
refused('when it is planned', 'eve', 'BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT phone FROM crm.customer', '0A000',
	qr/eve\|[^|]*\|[^|]*\|1\|0A000: a cursor WITH HOLD cannot read guarded columns/);
refused('SECURITY LABEL', 'eve', q(SECURITY LABEL FOR contact_guard ON TABLE crm.plain IS NULL), '42501', qr/eve\|.*\|1\|42501: .*/)
  if state_of((as($node, 'crm', 'eve', q(SECURITY LABEL FOR contact_guard ON TABLE anna.note IS NULL)))[1]) ne '42501';
fresh();
$node->safe_psql('crm', 'CREATE TABLE anna.own (a int); ALTER TABLE anna.own OWNER TO anna');
refused('SECURITY LABEL on one\'s own table', 'anna',
	q(SECURITY LABEL FOR contact_guard ON COLUMN anna.own.a IS 'guard mask=null'), '42501', qr/anna\|.*\|1\|42501: must be a member of role "contact_guard_admin" .*/);
refused('writing the log, a superuser', 'postgres', 'DELETE FROM contact_guard.log', '42501',
	qr/postgres\|contact_guard.log\|\|1\|42501: table "contact_guard.log" is reserved for contact_guard/);
refused('COPY into the log', 'postgres', q(COPY contact_guard.log FROM '/dev/null'), '42501', qr/postgres\|contact_guard.log\|\|1\|42501: .*/);
refused('COPY as pg_dump does it', 'anna', 'SET row_security = off; COPY crm.customer TO STDOUT', '42501',
	qr/anna\|crm.customer\|\{phone\}\|1\|42501: .*row_security is off/);
refused('an auditor\'s wrong command', 'aud', $trigger, '42501', qr/aud\|crm.customer\|\|1\|.*/);
refused('a function of ours, in a fast path of its own', 'adm', q(SELECT contact_guard.unprotect('crm.customer')), '42501',
	qr/adm\|crm.customer\|\|1\|42501: must be owner of relation customer/);
refused('for somebody else', 'pool', "BEGIN; SELECT contact_guard.act_as('someone'); $trigger", '42501', qr/someone\|crm.customer\|\|1\|.*/);
refused('as another role', 'anna', "SET ROLE eve; $trigger", '42501', qr/eve\|crm.customer\|\|1\|.*/);

# What PostgreSQL itself refuses is its own.
is(state_of((as($node, 'crm', 'eve', 'SELECT * FROM crm.secret'))[1]), '42501', 'PostgreSQL refuses a table');
is(fresh(), '', '... which is no record of ours');

# Nothing takes it back.
foreach (
	[ 'ROLLBACK', "BEGIN; $store; ROLLBACK" ],
	[ 'a savepoint', "BEGIN; SAVEPOINT a; $store; ROLLBACK TO a; COMMIT" ],
	[ 'an exception handler', "DO \$\$ BEGIN $store; EXCEPTION WHEN OTHERS THEN NULL; END \$\$" ],
	[ 'a handler around a command', "DO \$\$ BEGIN EXECUTE '$trigger'; EXCEPTION WHEN OTHERS THEN NULL; END \$\$" ],
	[ 'a handler in a handler', "DO \$\$ BEGIN BEGIN $store; EXCEPTION WHEN OTHERS THEN PERFORM 1/0; END; EXCEPTION WHEN OTHERS THEN NULL; END \$\$" ],
	[ 'exit_on_error', "SET exit_on_error = on; $store" ],
	[ 'a read-only transaction', "BEGIN READ ONLY; $plan" ],
	[ 'client_min_messages', "SET client_min_messages = panic; $trigger" ],
	[ 'asynchronous commit', "SET synchronous_commit = off; $trigger" ])
{
	as($node, 'crm', 'anna', $_->[1]);
	my $rows = fresh();
	is(attempts($rows), 1, "$_->[0] takes it not back") or diag($rows);
}
as($node, 'crm', 'anna', qq(DO \$\$ BEGIN $store; EXCEPTION WHEN OTHERS THEN NULL; END \$\$;
	DO \$\$ BEGIN EXECUTE '$trigger'; EXCEPTION WHEN OTHERS THEN NULL; END \$\$; $trigger));
is(attempts(fresh()), 3, 'an error that is caught and two after it are three');

# What the handler sees is the error as it was.
like((as($node, 'crm', 'anna', qq(DO \$\$ DECLARE m text; t text; c text; s text; BEGIN $store; EXCEPTION WHEN OTHERS THEN
		GET STACKED DIAGNOSTICS m = MESSAGE_TEXT, t = TABLE_NAME, c = PG_EXCEPTION_CONTEXT, s = RETURNED_SQLSTATE;
		RAISE NOTICE '% % % %', s, t, m, c; END \$\$)))[1],
	qr/NOTICE: .*42501 customer withheld values .* cannot be stored SQL statement "INSERT INTO/, 'the report is whole');
like((as($node, 'crm', 'anna', $store))[1], qr/HINT: .*LOCATION: +refuse_to_store, reveal\.c:\d+/s, '... for the client, too');
fresh();

# At COMMIT
$node->safe_psql('crm', q(CREATE FUNCTION anna.late() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
	'BEGIN INSERT INTO anna.note SELECT phone FROM crm.customer WHERE id = 50; RETURN NULL; END';
	CREATE CONSTRAINT TRIGGER late AFTER INSERT ON anna.own DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION anna.late()));
refused('at COMMIT', 'anna', 'BEGIN; INSERT INTO anna.own VALUES (1); COMMIT', '42501', qr/anna\|crm.customer\|\{phone\}\|1\|.*/);

# In a parallel worker
$node->safe_psql('crm', q(CREATE FUNCTION crm.peek(i bigint) RETURNS text LANGUAGE plpgsql PARALLEL SAFE AS
	'BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = i); END'; CREATE TABLE crm.many AS SELECT i::bigint FROM generate_series(1, 50000) i;
	GRANT SELECT ON crm.many TO anna; ANALYZE crm.many));
my (undef, $err) = as($node, 'crm', 'anna', 'SET ' . forced_parallel($node) . q( = on; SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0;
	SET min_parallel_table_scan_size = 0; SET parallel_leader_participation = off; SELECT count(crm.peek(i)) FROM crm.many));
is(state_of($err), '0A000', 'in a parallel worker: refused');
like(fresh(), qr/^(anna\|[^|]*\|[^|]*\|1\|0A000: .*parallel worker\n?)+$/, '... and on record, by each worker that tried');

# A flood makes few records and little WAL.
my $loop = "DO \$\$ BEGIN FOR i IN 1 .. 10000 LOOP BEGIN EXECUTE '$plan'; EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END \$\$";
my $lsn = $node->safe_psql('crm', 'CHECKPOINT; SELECT contact_guard.sync(); SELECT pg_current_wal_insert_lsn()');
$lsn =~ s/^\s+//;
as($node, 'crm', 'anna', $loop);
my $bytes = $node->safe_psql('crm', "SELECT pg_current_wal_insert_lsn() - '$lsn'");
my $rows = fresh();
is(attempts($rows), 10_000, '10,000 attempts in a loop are all counted');
cmp_ok(scalar(split /\n/, $rows), '<=', 20, '... in at most 20 records');
note("10,000 attempts: $bytes bytes of WAL, the recorder's included");
cmp_ok($bytes, '<', 300_000, '... and little WAL');
is($node->safe_psql('crm', "SELECT attempts >= 10000 FROM contact_guard.refused_attempts() WHERE actor = 'anna' AND reason ~ 'HOLD' ORDER BY attempts DESC LIMIT 1"),
	't', 'refused_attempts() adds them up');

# In single statements, while the session goes on
my $anna = session($node, 'crm', 'anna');
my $before = time;
$anna->query($trigger) foreach 1 .. 100;
my $passed = time - $before;
$rows = fresh();
cmp_ok(attempts($rows), '>=', 61, 'statement after statement: counted when the transaction ends');
cmp_ok(scalar(split /\n/, $rows), '<=', 61 + 61 * int($passed / 60), '... 60 times a minute');
my $counted = attempts($rows);
$anna->quit;
usleep_until_gone('anna');
is($counted + attempts(fresh()), 100, '... and the rest when the session ends');

# Many different ones
as($node, 'crm', 'anna', "DO \$\$ BEGIN FOR i IN 1 .. 2000 LOOP BEGIN EXECUTE format('$trigger', i);
	EXECUTE format('ALTER TABLE crm.customer ADD COLUMN c%s int', i); EXCEPTION WHEN OTHERS THEN NULL; END; END LOOP; END \$\$");
$rows = fresh();
is(attempts($rows), 2000, 'all are counted');
cmp_ok(scalar(split /\n/, $rows), '<=', 10, '... in few records, since names that do not exist make no kinds');

sub usleep_until_gone
{
	my ($user) = @_;
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE usename = '$user'");
	return;
}

# WAL of one
$lsn = $node->safe_psql('crm', 'CHECKPOINT; SELECT contact_guard.sync(); SELECT pg_current_wal_insert_lsn()');
$lsn =~ s/^\s+//;
my $locker = lock_log($node, 'crm');
$lsn = $node->safe_psql('crm', 'SELECT pg_current_wal_insert_lsn()');
as($node, 'crm', 'anna', "BEGIN; $plan") foreach 1 .. 20;
$bytes = $node->safe_psql('crm', "SELECT (pg_current_wal_insert_lsn() - '$lsn') / 20");
note("one attempt: $bytes bytes of WAL, without the recorder's");
cmp_ok($bytes, '<', 2000, 'WAL of an attempt');

# The recorder stands still and the backlog is full: the refusal stands, and is on record later.
$node->safe_psql('crm', "ALTER SYSTEM SET contact_guard.max_backlog = '64kB'");
$node->reload;
(undef, $err) = as($node, 'crm', 'anna', $loop);
(undef, $err) = as($node, 'crm', 'anna', $trigger);
is(state_of($err), '42501', 'a full backlog: refused as ever');
$locker->query('ROLLBACK');
$locker->quit;
cmp_ok(attempts(fresh()), '>=', 10_021, '... and on record when the recorder goes on');
$node->safe_psql('crm', 'ALTER SYSTEM RESET contact_guard.max_backlog');
$node->reload;

# Killed right after
$anna = session($node, 'crm', 'anna');
my $pid = $anna->query('SELECT pg_backend_pid()');
$anna->query("BEGIN; $trigger");
kill 'KILL', $pid;
eval { $anna->quit };
# Nothing to write: a psql that cannot connect has gone, and IPC::Run dies of that.
$node->poll_query_until('crm', undef, '') or die 'the server did not come back';
is(attempts(fresh()), 1, 'it is on record after kill -9 of the session');
as($node, 'crm', 'eve', $trigger);
$node->stop('immediate');
$node->start;
is(attempts(fresh()), 1, '... and after an immediate stop');
ok(log_is_whole($node, 'crm'), 'the log is whole');
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.log l, crm.customer c WHERE event = 'refused' AND strpos(reason, c.phone) > 0"), 0,
	'no reason holds a value');
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log l, crm.customer c WHERE event = 'refused' AND strpos(query, c.phone) > 0"), 0,
	'nor does a statement');

# A synchronous standby that is away does not make it hang.
$node->safe_psql('crm', "ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
$node->reload;
$before = time;
(undef, $err) = as($node, 'crm', 'eve', $trigger);
is(state_of($err), '42501', 'no synchronous standby: refused');
cmp_ok(time - $before, '<', 10, '... at once');
$node->safe_psql('crm', 'ALTER SYSTEM RESET synchronous_standby_names');
$node->reload;
is(attempts(fresh()), 1, '... and on record');

# On a standby: refused, without a record
$node->backup('backup');
my $standby = PostgreSQL::Test::Cluster->new('refused_standby');
$standby->init_from_backup($node, 'backup', has_streaming => 1);
$standby->start;
(undef, $err) = as($standby, 'crm', 'anna', "BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT phone FROM crm.customer");
like($err, qr/0A000|55000/, 'on a standby: refused');
is($standby->safe_psql('crm', 'SELECT 1'), 1, '... and it goes on');
$standby->stop;
is(fresh(), '', '... without a record');

# Without the library: refused as well
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
(undef, $err) = as($node, 'crm', 'anna', "LOAD 'contact_guard'; $trigger");
isnt(state_of($err), '', 'without preload: refused');
is($node->safe_psql('crm', 'SELECT 1'), 1, '... and the server goes on');

$node->stop;
done_testing();
