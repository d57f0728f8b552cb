# An UPDATE that cannot move a window does not call our trigger for its rows; each other one does.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__) . '/lib';
use Guarded;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('spared');
make_roles($node);
make_crm($node, 'crm', 30);
my $columns = 'id bigint PRIMARY KEY, customer_id bigint, technician text, starts_at timestamptz, ends_at timestamptz, status text, note text, area int';
my $names = q(customer => 'customer_id', technician => 'technician', opens_at => 'starts_at', closes_at => 'ends_at');
my $on_site = q(open_when => $$status = 'on_site'$$);
$node->safe_psql('crm', qq(
	SET client_min_messages = error;
	CREATE ROLE owner LOGIN;
	GRANT ALL ON SCHEMA crm TO owner;
	SET ROLE owner;
	CREATE TABLE crm.site (id bigint PRIMARY KEY);
	INSERT INTO crm.site SELECT generate_series(1, 3);
	CREATE TABLE crm.visit ($columns, site bigint REFERENCES crm.site ON DELETE SET NULL ON UPDATE CASCADE);
	CREATE TABLE crm.noted (id bigint, was text, is_now text);
	CREATE VIEW crm.plain_visit AS SELECT id, note AS remark, status AS state FROM crm.visit;
	CREATE TABLE crm.computed ($columns, state text GENERATED ALWAYS AS (coalesce(note, '') || '') STORED);
	CREATE TABLE crm.parted (id bigint, customer_id bigint, technician text, starts_at timestamptz, ends_at timestamptz, status text, note text, area int) PARTITION BY LIST (area);
	CREATE TABLE crm.parted_1 PARTITION OF crm.parted FOR VALUES IN (1);
	CREATE TABLE crm.parted_2 PARTITION OF crm.parted FOR VALUES IN (2);
	CREATE TABLE crm.job (id bigint PRIMARY KEY, customer_id bigint, starts_at timestamptz, ends_at timestamptz, status text, note text);
	CREATE TABLE crm.assigned (job_id bigint, technician text, note text);
	CREATE VIEW crm.planned AS SELECT j.id, j.customer_id, a.technician, j.starts_at, j.ends_at, j.status FROM crm.job j JOIN crm.assigned a ON a.job_id = j.id;
	RESET ROLE;
	SELECT contact_guard.use_interventions('crm.visit', $names, $on_site, watch => 'trigger');
	SELECT contact_guard.use_interventions('crm.computed', $names, open_when => \$\$state = 'on_site'\$\$, watch => 'trigger');
	SELECT contact_guard.use_interventions('crm.parted', $names, $on_site, watch => 'trigger');
	SELECT contact_guard.use_interventions('crm.planned', $names, $on_site, watch => 'trigger', watched => '{crm.job.id,crm.assigned.job_id}');
	SET ROLE owner;
	INSERT INTO crm.visit SELECT i, i, 'anna', now(), now() + '1 h', 'on_site', 'n', 1, i FROM generate_series(1, 3) i;
	INSERT INTO crm.computed SELECT i, i, 'anna', now(), now() + '1 h', '', 'n', 1 FROM generate_series(1, 3) i;
	INSERT INTO crm.parted SELECT i, i, 'anna', now(), now() + '1 h', 'on_site', 'n', 1 FROM generate_series(1, 3) i;
	INSERT INTO crm.job SELECT i, i, now(), now() + '1 h', 'on_site', 'n' FROM generate_series(1, 3) i;
	INSERT INTO crm.assigned SELECT i, 'anna', 'n' FROM generate_series(1, 3) i));

my $seen = 0;

# The records that SQL makes, as: intervention before>after
sub moves
{
	my ($sql) = @_;
	as($node, 'crm', 'owner', $sql) if defined $sql;
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my $told = $node->safe_psql('crm', qq(
		SELECT concat_ws(' ', intervention, CASE WHEN previous_opens_at IS NULL THEN '-' ELSE 'open' END || '>' || CASE WHEN opens_at IS NULL THEN '-' ELSE 'open' END, reason)
		  FROM contact_guard.log WHERE event = 'window' AND seq >= $seen ORDER BY intervention, seq));
	$seen = $node->safe_psql('crm', 'SELECT coalesce(max(seq) + 1, 0) FROM contact_guard.log');
	return join '; ', split /\n/, $told;
}

# How often each trigger for rows is called
sub calls
{
	my ($sql) = @_;
	my $out = as($node, 'crm', 'owner', "BEGIN; EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF) $sql; ROLLBACK");
	return join ' ', sort map { /^Trigger (?:for constraint )?(\w+).*calls=(\d+)/ ? "$1=$2" : () } split /\n/, $out;
}

moves();
is(calls(q(UPDATE crm.visit SET note = 'x')), '', 'a column that decides of nothing: the trigger is not called');
is(calls(q(UPDATE crm.visit SET status = 'done')), 'contact_guard_window=3', '... and is for one that does');
is(calls(q(UPDATE crm.visit SET note = 'x', status = status)), 'contact_guard_window=3', '... or may');
is(calls(q(UPDATE crm.plain_visit SET remark = 'x')), '', 'by way of a view: not called');
is(calls(q(UPDATE crm.plain_visit SET state = 'x')), 'contact_guard_window=3', '... called');
is(calls(q(UPDATE crm.job SET note = 'x')), '', 'a table beneath a view: not called');
is(calls(q(UPDATE crm.job SET status = 'x' WHERE id = 1)), 'contact_guard_window=1', '... called');
is(calls(q(UPDATE crm.assigned SET note = 'x')), '', 'the other one: not called');
is(calls(q(UPDATE crm.assigned SET technician = 'bob' WHERE job_id = 1)), 'contact_guard_window=1', '... called');
is(calls(q(UPDATE crm.computed SET note = 'x')), 'contact_guard_window=3', 'a generated column may decide: called');
is(calls(q(UPDATE crm.parted SET note = 'x')), 'contact_guard_window=3', 'a row may move to another partition: called');

is(moves(q(UPDATE crm.visit SET note = 'x')), '', 'no record');
is(moves(q(UPDATE crm.visit SET status = 'done' WHERE id = 1)), '1 open>-', 'a record');
is(moves(q(UPDATE crm.plain_visit SET state = 'on_site', remark = 'y' WHERE id = 1)), '1 ->open', '... by way of a view');
is(moves(q(UPDATE crm.computed SET note = 'on_site' WHERE id = 1)), '1 ->open', '... of a generated column');
is(moves(q(UPDATE crm.parted SET area = 2 WHERE id = 1)), '', 'a row that moves to another partition keeps its window');
is(moves(q(WITH u AS (UPDATE crm.visit SET status = 'done' WHERE id = 2 RETURNING id) UPDATE crm.visit v SET note = 'z' FROM u WHERE v.id = 3)), '2 open>-', 'an UPDATE within another one');
is(moves(q(UPDATE crm.visit SET note = 'a'; UPDATE crm.visit SET ends_at = ends_at + '1 h' WHERE id = 3; UPDATE crm.visit SET note = 'b')), '3 open>open', 'one after the other');
is(moves(q(INSERT INTO crm.visit (id, note) VALUES (3, 'c') ON CONFLICT (id) DO UPDATE SET status = 'done')), '3 open>-', 'ON CONFLICT');
is(moves(q(MERGE INTO crm.visit v USING (VALUES (3)) n (id) ON v.id = n.id WHEN MATCHED THEN UPDATE SET status = 'on_site')), '3 ->open', 'MERGE');
is(moves(q(PREPARE p AS UPDATE crm.visit SET note = $1 WHERE id = 3; EXECUTE p ('d'); EXECUTE p ('e'))), '', 'a prepared statement');

# Triggers of others
as($node, 'crm', 'owner', q(
	CREATE FUNCTION crm.note() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO crm.noted VALUES (NEW.id, OLD.note, NEW.note); RETURN NULL; END$$;
	CREATE FUNCTION crm.note_all() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO crm.noted SELECT -n.id, o.note, n.note FROM before o JOIN after n USING (id); RETURN NULL; END$$;
	CREATE TRIGGER noted AFTER UPDATE ON crm.visit FOR EACH ROW EXECUTE FUNCTION crm.note()));
is(calls(q(UPDATE crm.visit SET note = 'x')), 'noted=3', 'another trigger after the row: it alone is called');
as($node, 'crm', 'owner', q(UPDATE crm.visit SET note = 'f' WHERE id = 3));
is($node->safe_psql('crm', 'SELECT id, was, is_now FROM crm.noted'), '3|e|f', '... and has its rows');
as($node, 'crm', 'owner', q(
	TRUNCATE crm.noted; DROP TRIGGER noted ON crm.visit;
	CREATE TRIGGER noted_all AFTER UPDATE ON crm.visit REFERENCING OLD TABLE AS before NEW TABLE AS after FOR EACH STATEMENT EXECUTE FUNCTION crm.note_all()));
as($node, 'crm', 'owner', q(UPDATE crm.visit SET note = 'g' WHERE id = 3));
is($node->safe_psql('crm', 'SELECT id, was, is_now FROM crm.noted'), '-3|f|g', 'a trigger with transition tables has them');
as($node, 'crm', 'owner', q(DROP TRIGGER noted_all ON crm.visit));
like((as($node, 'crm', 'owner', q(UPDATE crm.visit SET site = 9 WHERE id = 3)))[1], qr/23503/, 'a foreign key is checked');
as($node, 'crm', 'owner', q(UPDATE crm.site SET id = 7 WHERE id = 3; DELETE FROM crm.site WHERE id = 2));
is($node->safe_psql('crm', 'SELECT id, site FROM crm.visit ORDER BY id'), "1|1\n2|\n3|7", '... and followed');
is(moves(), '', 'no record of all this');

# What decides changes while a session has its plans.
my $session = session($node, 'crm', 'owner');
$session->query_safe(q(PREPARE p AS UPDATE crm.visit SET note = 'on_site' WHERE id = 3; EXECUTE p; EXECUTE p; UPDATE crm.visit SET note = 'h'));
is(moves(), '', 'note decides of nothing');
$node->safe_psql('crm', qq(SET client_min_messages = error; SELECT contact_guard.use_interventions('crm.visit', $names, open_when => \$\$note = 'on_site'\$\$, watch => 'trigger')));
moves();
$session->query_safe('EXECUTE p');
is(moves(), '3 ->open', '... until it decides');
$session->query_safe(q(CREATE FUNCTION crm.opens() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN NEW.note := 'on_site'; RETURN NEW; END$$;
	CREATE TRIGGER opens BEFORE UPDATE ON crm.visit FOR EACH ROW EXECUTE FUNCTION crm.opens(); UPDATE crm.visit SET area = 2 WHERE id = 1));
is(moves(), '1 ->open', 'a trigger before the row changes what the statement does not name');
$session->quit;

$node->stop;
done_testing();
