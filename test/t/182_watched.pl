# Recording of windows that move: it stays, through commands of the owner, dumps and crashes;
# a view is watched by the tables that it reads; a subscription's rows are recorded.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__) . '/lib';
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('watched', { allows_streaming => 'logical' }, 'wal_level = logical');
make_roles($node);
make_crm($node, 'crm', 30);
my $columns = 'id bigint, customer_id bigint, technician text, starts_at timestamptz, ends_at timestamptz, status text, note text';
my $names = q(customer => 'customer_id', technician => 'technician', opens_at => 'starts_at', closes_at => 'ends_at');
my $on_site = q(open_when => $$status = 'on_site'$$);
my $soon = "now(), now() + '1 h'";
my $use = "SELECT contact_guard.use_interventions('crm.visit', $names, $on_site, watch => 'trigger')";
$node->safe_psql('crm', qq(
	SET client_min_messages = error;
	CREATE ROLE owner LOGIN;
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin, owner;
	GRANT ALL ON SCHEMA crm TO owner;
	CREATE TABLE crm.visit ($columns, PRIMARY KEY (id)) PARTITION BY RANGE (id);
	CREATE TABLE crm.visit_1 PARTITION OF crm.visit FOR VALUES FROM (0) TO (1000);
	CREATE INDEX ON crm.visit (technician, starts_at);
	ALTER TABLE crm.visit OWNER TO owner; ALTER TABLE crm.visit_1 OWNER TO owner;
	$use;));

sub status
{
	my ($what, $dbname) = @_;
	return $node->safe_psql($dbname // 'crm', "SELECT p FROM contact_guard.status(), unnest($what) p WHERE p ~ 'windows'");
}

sub triggers
{
	my ($dbname) = @_;
	return $node->safe_psql($dbname // 'crm', "SELECT string_agg(tgrelid::regclass || ' ' || tgenabled::text, ', ' ORDER BY tgrelid::regclass::text, tgtype)
		FROM pg_trigger WHERE tgfoid = 'contact_guard.note_window()'::regprocedure");
}

# New records of windows: relation, intervention, technician, the window before and now
my %seen;

sub moves
{
	my ($sql, $user, $dbname) = @_;
	$dbname //= 'crm';
	as($node, $dbname, $user // 'owner', $sql) if defined $sql;
	$node->safe_psql($dbname, 'SELECT contact_guard.sync()');
	my $told = $node->safe_psql($dbname, qq(
		SELECT concat_ws(' ', relation, intervention, technician, CASE WHEN previous_opens_at IS NULL THEN '-' ELSE 'open' END || '>' ||
			CASE WHEN opens_at IS NULL THEN '-' WHEN closes_at > previous_closes_at THEN 'later' ELSE 'open' END, reason)
		  FROM contact_guard.whole_log WHERE event = 'window' AND origin = contact_guard.journal_origin() AND seq >= @{[ $seen{$dbname} // 0 ]} ORDER BY seq));
	$seen{$dbname} = $node->safe_psql($dbname, 'SELECT coalesce(max(seq) + 1, 0) FROM contact_guard.log');
	return join '; ', split /\n/, $told;
}

is(triggers(), 'crm.visit A, crm.visit A, crm.visit_1 A', 'the triggers');
is(status('problems'), '', 'no problem');
like(status('proposals'), qr/^changes of the windows of crm\.intervention are not recorded: /, 'a relation that is not watched is named');

# The owner decides on rows, not on what records them
my @silence = ('ALTER TABLE crm.visit DISABLE TRIGGER contact_guard_window', 'ALTER TABLE crm.visit DISABLE TRIGGER ALL',
	'ALTER TABLE crm.visit DISABLE TRIGGER USER', 'ALTER TABLE crm.visit ENABLE TRIGGER USER', 'ALTER TABLE crm.visit ENABLE REPLICA TRIGGER contact_guard_window',
	'ALTER TABLE crm.visit_1 DISABLE TRIGGER contact_guard_window', 'ALTER TABLE crm.visit DISABLE TRIGGER contact_guard_truncate',
	'DROP TRIGGER contact_guard_window ON crm.visit', 'DROP TRIGGER contact_guard_truncate ON crm.visit',
	'CREATE OR REPLACE TRIGGER contact_guard_truncate AFTER TRUNCATE ON crm.visit FOR EACH STATEMENT EXECUTE FUNCTION crm.nothing()',
	'ALTER TRIGGER contact_guard_window ON crm.visit RENAME TO other; DROP TRIGGER other ON crm.visit');
$node->safe_psql('crm', q(CREATE FUNCTION crm.nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'), extra_params => [ '-U', 'owner' ]);
foreach (@silence)
{
	is(state_of((as($node, 'crm', 'owner', "BEGIN; $_; COMMIT"))[1]), '42501', "refused: $_");
}
is(triggers(), 'crm.visit A, crm.visit A, crm.visit_1 A', '... and the triggers are as they were');
is((as($node, 'crm', 'owner', $_))[1], '', "passes: $_")
  foreach 'ALTER TRIGGER contact_guard_window ON crm.visit RENAME TO other', 'ALTER TABLE crm.visit ADD COLUMN more int',
  'CREATE TABLE crm.visit_2 PARTITION OF crm.visit FOR VALUES FROM (1000) TO (2000)',
  'CREATE TRIGGER own AFTER INSERT ON crm.visit FOR EACH ROW EXECUTE FUNCTION crm.nothing(); ALTER TABLE crm.visit DISABLE TRIGGER own; DROP TRIGGER own ON crm.visit';
moves();
is(moves("INSERT INTO crm.visit VALUES (1001, 1, 'anna', $soon, 'on_site')"), 'crm.visit 1001 anna ->open', 'a new partition is watched');
is((as($node, 'crm', 'admin', 'ALTER TABLE crm.visit DISABLE TRIGGER other'))[1], '', 'an admin may');
is(log_rows($node, 'crm', "event = 'policy' AND actor = 'admin' AND reason ~ '^changes of the windows of visit are not recorded any more'"), 1, '... which is a record');
like(status('problems'), qr/^interventions relation visit: changes of its windows are not recorded: /, '... and a problem');
as($node, 'crm', 'admin', $use);
is(status('problems'), '', 'use_interventions() mends it');
as($node, 'crm', 'admin', 'ALTER TABLE crm.visit_1 DISABLE TRIGGER contact_guard_window');
is(state_of((as($node, 'crm', 'owner', 'ALTER TABLE crm.visit_2 DISABLE TRIGGER contact_guard_window'))[1]), '42501', 'what an admin has accepted of one partition covers no other');
is(() = status('problems') =~ /^interventions relation visit: /mg, 1, '... and is one problem');
as($node, 'crm', 'admin', 'ALTER TABLE crm.visit_2 DISABLE TRIGGER contact_guard_window');
is(() = status('problems') =~ /^interventions relation visit: /mg, 2, 'another one is a second problem');
as($node, 'crm', 'admin', $use);
is(state_of((as($node, 'crm', 'eve', 'SELECT contact_guard.note_window()'))[1]), '39P01', 'its function is for triggers');
as($node, 'crm', 'owner', 'CREATE TRIGGER again AFTER INSERT ON crm.visit FOR EACH ROW EXECUTE FUNCTION contact_guard.note_window()');
is(moves("INSERT INTO crm.visit VALUES (1002, 1, 'anna', $soon, 'on_site')"), 'crm.visit 1002 anna ->open', '... of which a second one adds nothing');
as($node, 'crm', 'owner', 'DROP TRIGGER again ON crm.visit');

# Not by a command on something else, either: what depends on an extension goes with it
$node->safe_psql('crm', 'GRANT CREATE ON DATABASE crm TO owner; CREATE FOREIGN DATA WRAPPER far; CREATE SERVER files FOREIGN DATA WRAPPER far;
	GRANT USAGE ON FOREIGN SERVER files TO owner');
as($node, 'crm', 'owner', 'CREATE EXTENSION citext SCHEMA crm; ALTER TRIGGER contact_guard_window ON crm.visit DEPENDS ON EXTENSION citext');
is(state_of((as($node, 'crm', 'owner', 'DROP EXTENSION citext'))[1]), '42501', 'refused: DROP EXTENSION of one that a trigger depends on');
is(triggers(), 'crm.visit A, crm.visit A, crm.visit_1 A, crm.visit_2 A', '... and the triggers are there');
as($node, 'crm', 'owner', 'CREATE TABLE crm.visit_3 PARTITION OF crm.visit FOR VALUES FROM (3000) TO (4000)');
moves();
is(moves('DROP TABLE crm.visit_3'), 'crm.visit ->- a partition was dropped, with its rows', 'DROP of a partition');

# A view, and a condition that looks into another table
$node->safe_psql('crm', qq(
	SET client_min_messages = error;
	CREATE TABLE crm.job (id int PRIMARY KEY, customer_id bigint, a timestamptz, b timestamptz, note text);
	CREATE TABLE crm.assigned (job_id int, login text, PRIMARY KEY (job_id, login));
	CREATE VIEW crm.jobs AS SELECT j.id, customer_id, login, a, b FROM crm.job j JOIN crm.assigned ON job_id = j.id;
	CREATE TABLE crm.task (id int PRIMARY KEY, customer_id bigint, login text, a timestamptz, b timestamptz);
	CREATE TABLE crm.stop (task_id int);
	CREATE INDEX ON crm.task (login);
	ALTER TABLE crm.job OWNER TO owner; ALTER TABLE crm.assigned OWNER TO owner; ALTER VIEW crm.jobs OWNER TO owner;
	ALTER TABLE crm.task OWNER TO owner; ALTER TABLE crm.stop OWNER TO owner;));
my $jobs = "SELECT contact_guard.use_interventions('crm.jobs', customer => 'customer_id', technician => 'login', opens_at => 'a', closes_at => 'b', watch => 'trigger'";
my $task = "SELECT contact_guard.use_interventions('crm.task', customer => 'customer_id', technician => 'login', opens_at => 'a', closes_at => 'b',
	open_when => 'NOT EXISTS (SELECT FROM crm.stop WHERE task_id = i.id)', watch => 'trigger'";
is(state_of((as($node, 'crm', 'admin', "$jobs)"))[1]), '0A000', 'a view alone cannot be watched');
is(state_of((as($node, 'crm', 'admin', "$task)"))[1]), '0A000', '... nor a row that a subquery decides about');
$node->safe_psql('crm', "CREATE FUNCTION crm.is_open(int) RETURNS bool STABLE LANGUAGE sql BEGIN ATOMIC SELECT NOT EXISTS (SELECT FROM crm.stop WHERE task_id = \$1); END;
	ALTER FUNCTION crm.is_open OWNER TO owner");
like((as($node, 'crm', 'admin', $task =~ s/NOT EXISTS .*i.id\)/crm.is_open(i.id)/r . ')'))[1], qr/0A000.*not immutable/s, '... nor one that a function decides about, which may read tables');
is(state_of((as($node, 'crm', 'admin', "$jobs, watched => '{crm.visit.id}')"))[1]), '22023', '... nor by a table that it does not read');
is(state_of((as($node, 'crm', 'admin', "$jobs, watched => '{crm.job.other}')"))[1]), '42703', '... nor by a column that is not there');
as($node, 'crm', 'admin', "$jobs, watched => '{crm.job.id, crm.assigned.job_id}')");
as($node, 'crm', 'admin', "$task, watched => '{crm.task.id, crm.stop.task_id}')");
moves();
is(moves("INSERT INTO crm.job VALUES (3, 7, $soon)"), '', 'a job of nobody');
is(moves("INSERT INTO crm.assigned VALUES (3, 'anna'), (3, 'eve')"), 'crm.jobs 3 anna ->open; crm.jobs 3 eve ->open', 'two technicians');
is(moves("UPDATE crm.assigned SET login = 'bob' WHERE login = 'eve'"), 'crm.jobs 3 eve open>-; crm.jobs 3 bob ->open', 'another one');
is(moves("UPDATE crm.job SET note = 'x'"), '', 'a column that the view does not have');
is(moves("UPDATE crm.job SET b = b + '1 h'"), 'crm.jobs 3 anna open>later; crm.jobs 3 bob open>later', 'the job is longer');
is(moves("BEGIN; DELETE FROM crm.assigned; INSERT INTO crm.assigned VALUES (3, 'anna'), (3, 'eve'); DELETE FROM crm.assigned WHERE login = 'eve'; COMMIT"),
	'crm.jobs 3 bob open>-', 'statements of one transaction');
$node->safe_psql('crm', "CREATE TABLE crm.slot (job int, customer_id bigint, login text, a timestamptz, b timestamptz); ALTER TABLE crm.slot OWNER TO owner;
	CREATE VIEW crm.slots AS SELECT * FROM crm.slot ORDER BY a; ALTER VIEW crm.slots OWNER TO owner;
	INSERT INTO crm.slot VALUES (2, 4, 'anna', now() + '1 d', now() + '2 d')");
as($node, 'crm', 'admin', "SELECT contact_guard.use_interventions('crm.slots', id => 'job', customer => 'customer_id', technician => 'login', opens_at => 'a',
	closes_at => 'b', watch => 'trigger', watched => '{crm.slot.job}')");
is(moves("INSERT INTO crm.slot VALUES (2, 4, 'anna', $soon)"), 'crm.slots 2 anna ->open', 'a second window of one id, which the view tells first');
as($node, 'crm', 'admin', "SELECT contact_guard.forget_interventions('crm.slots')");
is(moves("INSERT INTO crm.task VALUES (5, 1, 'anna', $soon); INSERT INTO crm.stop VALUES (5)"), 'crm.task 5 anna ->open; crm.task 5 anna open>-', 'a subquery');
is(moves('TRUNCATE crm.stop'), 'crm.task ->- TRUNCATE has taken rows away', 'TRUNCATE of what it reads');
is(state_of((as($node, 'crm', 'owner', 'ALTER TABLE crm.assigned DISABLE TRIGGER USER'))[1]), '42501', 'the tables beneath keep their triggers');
is(state_of((as($node, 'crm', 'owner', "CREATE FOREIGN TABLE crm.far () INHERITS (crm.assigned) SERVER files"))[1]), '42501', '... and get no rows of another server');
$node->safe_psql('crm', 'CREATE ROLE stopper LOGIN; GRANT USAGE ON SCHEMA crm TO stopper; ALTER TABLE crm.stop OWNER TO stopper; GRANT SELECT ON crm.stop TO owner; REVOKE ALL ON SCHEMA crm FROM owner, PUBLIC');
is(state_of((as($node, 'crm', 'stopper', 'ALTER TABLE crm.stop DISABLE TRIGGER USER'))[1]), '42501', '... also while a definition is broken');
is(moves('INSERT INTO crm.stop VALUES (6)', 'stopper'), 'crm.jobs ->- windows could not be computed: permission denied for schema crm; crm.task ->- windows could not be computed: permission denied for schema crm', '... whose windows nobody can tell');
$node->safe_psql('crm', 'GRANT ALL ON SCHEMA crm TO owner; GRANT USAGE ON SCHEMA crm TO PUBLIC; ALTER TABLE crm.stop OWNER TO owner; TRUNCATE crm.stop');
is(state_of((as($node, 'crm', 'owner', 'DROP FUNCTION crm.is_open(int); DROP TABLE crm.stop; CREATE TABLE crm.stop (task_id int)'))[1]), '42501', '... and none of them makes way for another one');
as($node, 'crm', 'owner', 'REVOKE SELECT ON crm.job FROM owner');
moves();
is(moves("INSERT INTO crm.assigned VALUES (3, 'cleo'); GRANT SELECT ON crm.job TO owner"), 'crm.jobs ->- windows could not be computed: permission denied for table job',
	'a change is a record though nobody can say what it has moved');
as($node, 'crm', 'owner', "DELETE FROM crm.assigned WHERE login = 'cleo'");
moves();
as($node, 'crm', 'owner', 'ALTER TABLE crm.assigned RENAME TO assignment; ALTER TABLE crm.assignment RENAME job_id TO job');
is(moves("INSERT INTO crm.assignment VALUES (3, 'eve')"), 'crm.jobs 3 eve ->open', 'names may change');

# What a question reads, in a query within: the column of a join, a system column, what an aggregate calls
$node->safe_psql('crm', qq(
	CREATE TABLE crm.round (id int PRIMARY KEY, customer_id bigint, login text, a timestamptz, b timestamptz, code int, note text);
	CREATE TABLE crm.slot2 (code int PRIMARY KEY); CREATE TABLE crm.opened (c int); INSERT INTO crm.opened VALUES (1);
	ALTER TABLE crm.round OWNER TO owner; ALTER TABLE crm.slot2 OWNER TO owner; ALTER TABLE crm.opened OWNER TO owner;
	CREATE VIEW crm.rounds AS SELECT r.id, customer_id, login, a, b FROM crm.round r FULL JOIN crm.slot2 USING (code) WHERE EXISTS (SELECT FROM crm.opened o WHERE o.c = code);
	CREATE FUNCTION crm.note_of(text, int) RETURNS text STABLE LANGUAGE sql BEGIN ATOMIC SELECT max(note) FROM crm.round WHERE id = \$2; END;
	CREATE AGGREGATE crm.noted(int) (sfunc = crm.note_of, stype = text);
	ALTER VIEW crm.rounds OWNER TO owner; ALTER FUNCTION crm.note_of OWNER TO owner; ALTER AGGREGATE crm.noted(int) OWNER TO owner));
my $rounds = "SELECT contact_guard.use_interventions('crm.rounds', customer => 'customer_id', technician => 'login', opens_at => 'a', closes_at => 'b',
	watch => 'trigger', watched => '{crm.round.id}')";
as($node, 'crm', 'admin', $rounds);
moves();
is(moves("INSERT INTO crm.round VALUES (1, 25, 'anna', $soon, 1)"), 'crm.rounds 1 anna ->open', 'the column of a FULL JOIN, in a sub-select');
is(moves('UPDATE crm.round SET code = 2'), 'crm.rounds 1 anna open>-', '... that changes');
as($node, 'crm', 'admin', "SELECT contact_guard.forget_interventions('crm.rounds')");
as($node, 'crm', 'owner', 'CREATE OR REPLACE VIEW crm.rounds AS SELECT id, customer_id, login, a, b FROM crm.round r
	WHERE NOT EXISTS (SELECT FROM crm.round k WHERE k.customer_id = r.customer_id AND k.ctid > r.ctid)');
as($node, 'crm', 'owner', "INSERT INTO crm.round VALUES (2, 25, 'bob', $soon, 1)");
as($node, 'crm', 'admin', $rounds);
moves();
is(moves("UPDATE crm.round SET note = 'x' WHERE id = 1"), 'crm.rounds 1 anna ->open', 'a system column');
as($node, 'crm', 'admin', "SELECT contact_guard.forget_interventions('crm.rounds')");
as($node, 'crm', 'owner', q(CREATE OR REPLACE VIEW crm.rounds AS SELECT id, customer_id, login, a, b FROM crm.round r
	WHERE (SELECT crm.noted(k.id) FROM crm.round k WHERE k.id = r.id) = 'open'));
is((as($node, 'crm', 'admin', $rounds))[1], '', '...');
moves();
is(moves("UPDATE crm.round SET note = 'open' WHERE id = 1"), 'crm.rounds 1 anna ->open', 'a column that the function of an aggregate reads');
as($node, 'crm', 'admin', "SELECT contact_guard.forget_interventions('crm.rounds')");

# Built-in interventions
is(moves("SELECT contact_guard.open_intervention('9', 'anna', $soon)", 'admin'), 'contact_guard.intervention 1 anna ->open', 'open_intervention()');
is(moves('SELECT contact_guard.close_intervention(1)', 'admin'), 'contact_guard.intervention 1 anna open>-', 'close_intervention()');

# It comes back from a dump: labels, triggers, and how they are enabled
my $dump = $node->basedir . '/crm.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-f', $dump, '-d', $node->connstr('crm') ], 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE again');
IPC::Run::run([ 'pg_restore', '-d', $node->connstr('again'), $dump ], '2>', \my $err);
is(triggers('again'), triggers(), 'pg_restore brings the triggers');
is(status('problems', 'again'), '', '... and there is no problem');
$node->safe_psql('again', 'SELECT contact_guard.sync()');
moves(undef, undef, 'again');
is(moves("INSERT INTO crm.assignment VALUES (3, 'cleo'); INSERT INTO crm.visit VALUES (7, 1, 'anna', $soon, 'on_site')", undef, 'again'),
	'crm.jobs 3 cleo ->open; crm.visit 7 anna ->open', '... and windows that move are recorded');

# A subscription: its rows are written with session_replication_role = replica
$node->safe_psql('postgres', 'CREATE DATABASE source');
$node->safe_psql('source', "CREATE SCHEMA crm; CREATE TABLE crm.visit ($columns, more int, PRIMARY KEY (id)); CREATE PUBLICATION p FOR TABLE crm.visit;
	SELECT pg_create_logical_replication_slot('watched', 'pgoutput')");
$node->safe_psql('again', "TRUNCATE crm.visit; CREATE SUBSCRIPTION s CONNECTION '" . $node->connstr('source') =~ s/'//gr . "' PUBLICATION p WITH (create_slot = false, slot_name = 'watched', copy_data = false)");
moves(undef, undef, 'again');
$node->safe_psql('source', "INSERT INTO crm.visit VALUES (8, 1, 'anna', $soon, 'on_site')");
$node->wait_for_catchup('s');
is(moves(undef, undef, 'again'), 'crm.visit 8 anna ->open', 'a row of a subscription');
is($node->safe_psql('again', "SELECT identity, login FROM contact_guard.whole_log WHERE event = 'window' AND origin = contact_guard.journal_origin() ORDER BY seq DESC LIMIT 1"), 'unnamed|',
	'... of whom nobody says who has written it');
$node->safe_psql('source', 'TRUNCATE crm.visit');
$node->wait_for_catchup('s');
is(moves(undef, undef, 'again'), 'crm.visit ->- TRUNCATE has taken rows away', '... and its TRUNCATE');
$node->safe_psql('again', 'DROP SUBSCRIPTION s');

# A crash right after the commit, and one before it
moves();
$node->safe_psql('crm', "INSERT INTO crm.visit VALUES (60, 1, 'anna', $soon, 'on_site')", extra_params => [ '-U', 'owner' ]);
my $open = session($node, 'crm', 'owner');
$open->query_safe("BEGIN; INSERT INTO crm.visit VALUES (61, 1, 'anna', $soon, 'on_site')");
$node->stop('immediate');
eval { $open->{run}->finish };
$node->start;
is(moves(), 'crm.visit 60 anna ->open', 'a crash after the commit, and before another');

# Taken back
as($node, 'crm', 'admin', "SELECT contact_guard.forget_interventions('crm.jobs')");
is($node->safe_psql('crm', "SELECT count(*) FROM pg_seclabel WHERE label ~ 'watched'"), 2, 'forget_interventions() takes the labels away');
is(triggers(), 'crm.stop A, crm.stop A, crm.task A, crm.task A, crm.visit A, crm.visit A, crm.visit_1 A, crm.visit_2 A', '... and the triggers');
as($node, 'crm', 'admin', "SELECT contact_guard.use_interventions('crm.visit', $names, $on_site)");
is(triggers(), 'crm.stop A, crm.stop A, crm.task A, crm.task A', 'use_interventions() without watch does, too');
$node->safe_psql('crm', 'SELECT contact_guard.retire(); DROP EXTENSION contact_guard');
is($node->safe_psql('crm', "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal"), 0, '... and retire()');

done_testing();
