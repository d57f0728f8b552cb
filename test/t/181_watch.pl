# Changes of windows that are recorded: by which road the rows change does not matter, what is
# taken back is not recorded, and nobody but an admin ends the recording.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__) . '/lib';
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('watch', { allows_streaming => 'logical' }, 'max_prepared_transactions = 5', 'work_mem = 64kB');
make_roles($node);
make_crm($node, 'crm', 30);
my $columns = 'id bigint, customer_id bigint, technician text, starts_at timestamptz, ends_at timestamptz, status text, note text';
my $names = q(customer => 'customer_id', technician => 'technician', opens_at => 'starts_at', closes_at => 'ends_at');
my $on_site = q(open_when => $$status = 'on_site'$$);
my $soon = "now(), now() + '1 h'";
$node->safe_psql('crm', qq(
	SET client_min_messages = error;
	CREATE ROLE owner LOGIN;
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin, owner;
	GRANT ALL ON SCHEMA crm TO owner;
	CREATE TABLE crm.visit ($columns, PRIMARY KEY (id));
	CREATE INDEX ON crm.visit (technician, starts_at);
	ALTER TABLE crm.visit OWNER TO owner;
	SELECT contact_guard.use_interventions('crm.visit', $names, $on_site, watch => 'trigger');
	GRANT ALL ON crm.visit TO anna;));

# The records that SQL makes, as: intervention technician before>after; of known times only
# whether there is a window.  "later" and "earlier" say how its end has moved.
my $seen = 0;

sub moves
{
	my ($sql, $user) = @_;
	as($node, 'crm', $user // 'owner', $sql) if defined $sql;
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my $told = $node->safe_psql('crm', qq(
		SELECT concat_ws(' ', intervention, technician, CASE WHEN previous_opens_at IS NULL THEN '-' ELSE 'open' END || '>' ||
			CASE WHEN opens_at IS NULL THEN '-' WHEN closes_at > previous_closes_at THEN 'later'
			     WHEN closes_at < previous_closes_at THEN 'earlier' ELSE 'open' END, reason)
		  FROM contact_guard.log WHERE event = 'window' AND seq >= $seen ORDER BY seq));
	$seen = $node->safe_psql('crm', 'SELECT coalesce(max(seq) + 1, 0) FROM contact_guard.log');
	return join '; ', split /\n/, $told;
}

moves();
is(moves("INSERT INTO crm.visit VALUES (1, 1, 'anna', $soon, 'on_site')"), '1 anna ->open', 'INSERT of an open one');
is(moves("INSERT INTO crm.visit SELECT i, i, 'anna', $soon, 'planned' FROM generate_series(2, 9) i"), '', 'INSERT of others');
is(moves("UPDATE crm.visit SET status = 'on_site' WHERE id IN (2, 3)"), '2 anna ->open; 3 anna ->open', 'UPDATE opens');
is(moves("UPDATE crm.visit SET ends_at = ends_at + '1 h' WHERE id = 2"), '2 anna open>later', '... makes longer');
is(moves("UPDATE crm.visit SET ends_at = ends_at - interval '1 h' WHERE id = 2"), '2 anna open>earlier', '... and shorter');
is(moves("UPDATE crm.visit SET technician = 'eve' WHERE id = 2"), '2 anna open>-; 2 eve ->open', 'another technician');
is(moves("UPDATE crm.visit SET customer_id = 12 WHERE id = 2"), '2 eve open>-; 2 eve ->open', 'another customer');
is(moves("UPDATE crm.visit SET note = 'x'"), '', 'a column that does not matter');
is(moves("UPDATE crm.visit SET starts_at = now() - interval '1 h', ends_at = now() - interval '1 s' WHERE id = 3"), '3 anna open>earlier', 'it is over');
is(moves("UPDATE crm.visit SET ends_at = now() - interval '2 s' WHERE id = 3"), '', '... and stays over');
is(moves("DELETE FROM crm.visit WHERE id = 2"), '2 eve open>-', 'DELETE closes');
is($node->safe_psql('crm', q(SELECT actor, login, identity, customer, relation, count, closes_at - opens_at, previous_closes_at - previous_opens_at
	FROM contact_guard.access_log WHERE event = 'window' ORDER BY seq DESC LIMIT 1)), 'owner|owner|role|12|crm.visit|1||01:00:00',
	'the record says who, for whom, and when');
is($node->safe_psql('crm', q(SELECT count(*) FROM contact_guard.log WHERE event = 'window' AND leaf_version <> 2)), 0, 'it is sealed with its window');
is(moves("INSERT INTO crm.visit VALUES (2, 2, 'eve', '-infinity', 'infinity', 'on_site')"), '2 eve ->open', 'a window that was always open');
is(moves("UPDATE crm.visit SET starts_at = now(), ends_at = now() + '1 h' WHERE id = 2"), '2 eve open>earlier', '... and has a beginning now');
is(moves("UPDATE crm.visit SET starts_at = '-infinity' WHERE id = 2; DELETE FROM crm.visit WHERE id = 2"), '2 eve open>open; 2 eve open>-', '... has none any more, and goes');

# All roads by which a row changes
my $line = sub { "COPY crm.visit (id, customer_id, technician, starts_at, ends_at, status) FROM stdin;\n"
	. join("\t", shift, 7, 'eve', '2020-01-01', '2099-01-01', 'on_site') . "\n\\.\n" };
is(moves($line->(20)), '20 eve ->open', 'COPY FROM');
is(moves("INSERT INTO crm.visit VALUES (20, 7, 'eve', $soon, 'planned') ON CONFLICT (id) DO UPDATE SET status = EXCLUDED.status"),
	'20 eve open>-', 'ON CONFLICT');
is(moves("MERGE INTO crm.visit v USING (VALUES (20, 'on_site'), (21, 'on_site')) n (id, status) ON v.id = n.id WHEN MATCHED THEN UPDATE SET status = n.status
	WHEN NOT MATCHED THEN INSERT VALUES (n.id, 8, 'anna', $soon, n.status, NULL)"), '20 eve ->open; 21 anna ->open', 'MERGE');
is(moves("SET session_replication_role = replica; UPDATE crm.visit SET status = 'done' WHERE id = 21", 'postgres'),
	'21 anna open>-', 'session_replication_role does not silence it');
is(moves("CREATE FUNCTION crm.opens() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.status := ''on_site''; RETURN NEW; END';
	CREATE TRIGGER opens BEFORE UPDATE ON crm.visit FOR EACH ROW EXECUTE FUNCTION crm.opens();
	UPDATE crm.visit SET note = 'harmless' WHERE id = 21"), '21 anna ->open', 'a BEFORE trigger opens what the statement does not name');
as($node, 'crm', 'owner', 'DROP TRIGGER opens ON crm.visit');
is(moves('TRUNCATE crm.visit'), '->- TRUNCATE has taken rows away', 'TRUNCATE');

# What is taken back, and what one transaction does twice
is(moves("BEGIN; INSERT INTO crm.visit VALUES (30, 1, 'anna', $soon, 'on_site'); ROLLBACK"), '', 'ROLLBACK');
is(moves("BEGIN; INSERT INTO crm.visit VALUES (30, 1, 'anna', $soon, 'on_site'); SAVEPOINT a; INSERT INTO crm.visit VALUES (31, 1, 'anna', $soon, 'on_site');
	SAVEPOINT b; INSERT INTO crm.visit VALUES (32, 1, 'anna', $soon, 'on_site'); RELEASE b; ROLLBACK TO a;
	SAVEPOINT c; INSERT INTO crm.visit VALUES (33, 1, 'anna', $soon, 'on_site'); RELEASE c; COMMIT"), '30 anna ->open; 33 anna ->open', 'savepoints');
is(moves("BEGIN; UPDATE crm.visit SET status = 'x'; UPDATE crm.visit SET status = 'on_site'; COMMIT"), '', 'shut and opened again');
is(moves("BEGIN; UPDATE crm.visit SET ends_at = ends_at + '1 h' WHERE id = 30; UPDATE crm.visit SET ends_at = ends_at + '1 h' WHERE id = 30; COMMIT"),
	'30 anna open>later', 'two steps are one record');
is(moves("BEGIN; INSERT INTO crm.visit VALUES (34, 1, 'anna', $soon, 'on_site'); PREPARE TRANSACTION 'p'"),
	'34 anna ->open prepared: ROLLBACK PREPARED takes it back', 'PREPARE TRANSACTION');
is(moves("COMMIT PREPARED 'p'"), '', '... which commits later');
is(moves("BEGIN ISOLATION LEVEL SERIALIZABLE; INSERT INTO crm.visit VALUES (35, 1, 'anna', $soon, 'on_site'); DELETE FROM crm.visit WHERE id = 35; COMMIT"), '', 'a row that comes and goes');

# A transaction that fails after its record is written
my $a = session($node, 'crm', 'owner');
my $b = session($node, 'crm', 'owner');
$_->query_safe('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM crm.visit') foreach $a, $b;
$a->query_safe("INSERT INTO crm.visit VALUES (40, 1, 'anna', $soon, 'on_site')");
$b->query_safe("INSERT INTO crm.visit VALUES (41, 1, 'anna', $soon, 'on_site')");
$a->query_safe('COMMIT');
$b->query('COMMIT');
$_->quit foreach $a, $b;
is($node->safe_psql('crm', 'SELECT count(*) FROM crm.visit WHERE id = 41'), 0, 'a commit fails');
is(moves(), '40 anna ->open; 41 anna ->open its transaction did not commit', 'and its record says so');
is($node->safe_psql('crm', "SELECT string_agg(intervention, ',') FROM contact_guard.windows_opened() WHERE intervention IN ('40', '41')"), 40,
	'... so that nobody is accused of it');

# Many rows: notes go to disk, and none is lost
is(moves("BEGIN; INSERT INTO crm.visit SELECT i, 1, 'anna', $soon, 'on_site' FROM generate_series(1001, 21000) i; SAVEPOINT a;
	UPDATE crm.visit SET status = 'x' WHERE id > 1000; ROLLBACK TO a; DELETE FROM crm.visit WHERE id > 20000; COMMIT") =~ s/\d+ anna ->open; //gr,
	'20000 anna ->open', 'twenty thousand windows');
is($node->safe_psql('crm', "SELECT count(*), count(DISTINCT intervention) FROM contact_guard.log WHERE event = 'window' AND intervention::int > 1000"),
	'19000|19000', '... each with one record');

is(moves("BEGIN; INSERT INTO crm.visit SELECT i, 1, 'anna', $soon, 'on_site' FROM generate_series(30001, 39000) i;
	UPDATE crm.visit SET status = 'planned' WHERE id > 30000; COMMIT"), '', 'nine thousand that come and go');

# Partitions: routed, moved, attached, and truncated by themselves
$node->safe_psql('crm', qq(
	SET client_min_messages = error;
	CREATE TABLE crm.parted ($columns) PARTITION BY LIST (status);
	CREATE TABLE crm.parted_x (note text, gone int, status text, ends_at timestamptz, starts_at timestamptz, technician text, customer_id bigint, id bigint);
	ALTER TABLE crm.parted_x DROP gone;
	CREATE TABLE crm.parted_y (LIKE crm.parted_x);
	ALTER TABLE crm.parted ATTACH PARTITION crm.parted_y FOR VALUES IN ('on_site');
	CREATE INDEX ON crm.parted (technician, starts_at);
	ALTER TABLE crm.parted OWNER TO owner; ALTER TABLE crm.parted_x OWNER TO owner; ALTER TABLE crm.parted_y OWNER TO owner;
	SELECT contact_guard.use_interventions('crm.parted', $names, $on_site, watch => 'trigger');
	ALTER TABLE crm.parted ATTACH PARTITION crm.parted_x DEFAULT;));
is(moves(), '->- a table has become a partition, with its rows', 'a table is attached');
is(moves("INSERT INTO crm.parted VALUES (1, 1, 'anna', $soon, 'planned'), (2, 2, 'anna', $soon, 'on_site')"), '2 anna ->open', 'routed rows');
is(moves("UPDATE crm.parted SET status = 'on_site'"), '1 anna ->open', 'a row moves to another partition');
is(moves("UPDATE crm.parted SET status = 'planned' WHERE id = 1"), '1 anna open>-', '... and back');
is(moves("UPDATE crm.parted_x SET note = 'x'; UPDATE crm.parted_x SET ends_at = ends_at + '1 h'"), '', 'a partition by its own name: nothing moves');
is(moves("UPDATE crm.parted_y SET ends_at = ends_at + '1 h'"), '2 anna open>later', '... and something does');
is(moves("UPDATE crm.parted_y SET id = 3"), '2 anna open>-; 3 anna ->open', '... in a column that stands elsewhere in the parent');
is(moves("INSERT INTO crm.parted VALUES (9, 1, 'anna', now() + '1 d', now() + '2 d', 'on_site')"), '9 anna ->open', 'a window of later');
is(moves("BEGIN; INSERT INTO crm.parted VALUES (9, 1, 'anna', $soon, 'on_site'); DELETE FROM crm.parted WHERE id = 9 AND starts_at > now(); COMMIT"),
	'9 anna open>earlier', '... which gives way to another one of the same id');
is(moves("INSERT INTO crm.parted VALUES (9, 1, 'anna', $soon, 'on_site'); DELETE FROM crm.parted WHERE id = 9"),
	'9 anna ->open; 9 anna open>-; 9 anna open>-', '... and two of one id');
is(moves('TRUNCATE crm.parted_y'), '->- TRUNCATE has taken rows away', 'TRUNCATE of a partition');
is(moves('TRUNCATE crm.parted'), '->- TRUNCATE has taken rows away', '... and of all, once');
is(moves("ALTER TABLE crm.parted ALTER ends_at TYPE timestamptz USING 'infinity'"), '->- column "ends_at" was computed anew', 'a column is computed anew');
is(moves('ALTER TABLE crm.parted ALTER note TYPE varchar(10)'), '', '... which does not matter');

# A policy that fails does not stop the CRM
is(moves("SELECT contact_guard.use_interventions('crm.visit', $names, open_when => '1 / customer_id > 0', watch => 'trigger');
	INSERT INTO crm.visit VALUES (50, 0, 'anna', $soon, 'x')", 'admin'), '->- the window could not be computed: division by zero', 'a condition that fails');
is($node->safe_psql('crm', 'DELETE FROM crm.visit WHERE id = 50 RETURNING id'), 50, '... and the row is there');
is(moves("SELECT contact_guard.use_interventions('crm.visit', $names, $on_site, early => '1 month', watch => 'trigger');
	INSERT INTO crm.visit VALUES (51, 1, 'anna', $soon, 'on_site')", 'admin') =~ s/.*; //r, '51 anna ->open', 'months');
is($node->safe_psql('crm', "SELECT opens_at < now() - interval '27 d' FROM contact_guard.log WHERE event = 'window' ORDER BY seq DESC LIMIT 1"), 't',
	'the window is that of the verdict');

done_testing();
