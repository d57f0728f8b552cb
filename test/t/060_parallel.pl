# Parallel plans: reveal() stays in the leader, verdicts can be had above a
# Gather, and a function that lies about being parallel safe gets no value.
# And the isolation levels.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Test::More;

my $node = guard_node('parallel', 'max_parallel_workers = 4');
make_roles($node);
make_crm($node, 'crm', 20000);
my $parallel = q(SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0;
	SET max_parallel_workers_per_gather = 2; SET enable_indexscan = off; SET enable_bitmapscan = off;);
my $gather = 'SELECT id, phone FROM (SELECT id, phone FROM crm.customer WHERE name LIKE \'Customer 1_\' OFFSET 0) s ORDER BY id';
my $seen = join "\n", map { "$_|" . phone_of($_) } 10 .. 19;

# Do the parallel plans that follow really have workers?
like(as($node, 'crm', 'anna', "$parallel EXPLAIN (ANALYZE, COSTS off) $gather"), qr/Workers Launched: [12]/,
	'the plan runs in parallel');

# Each level, and as the first thing that the session does
foreach my $level ('READ COMMITTED', 'REPEATABLE READ', 'SERIALIZABLE')
{
	(my $name = "gather $level") =~ s/ /_/g;
	my ($out, $err) = as($node, 'crm', 'anna', "SET application_name = '$name'; $parallel BEGIN ISOLATION LEVEL $level; $gather; COMMIT");
	is($out, $seen, "$level: values above a Gather, in the first verdict of a session");
	is($err, '', '... without an error');
	is(log_rows($node, 'crm', "application = '$name' AND event = 'shown'"), 10, '... on record');

	# A window that closes counts, though the snapshot is older
	my $anna = session($node, 'crm', 'anna');
	$anna->query("SET application_name = '$name'; $parallel BEGIN ISOLATION LEVEL $level; SELECT 1");
	is($anna->query($gather), $seen, '... again');
	$node->safe_psql('crm', "UPDATE crm.intervention SET status = 'done' WHERE customer_id = 15");
	like($anna->query($gather), qr/^15\|\Q@{[ mask_of(15) ]}\E$/m, '... and the mask, once the window has been closed');
	$anna->query('COMMIT');
	$node->safe_psql('crm', "UPDATE crm.intervention SET status = 'on_site' WHERE customer_id = 15");
	is($anna->query($gather), $seen, '... and the value, when it is open again');
	is($anna->{stderr}, '', '... without an error');
	$anna->quit;
}

# Guarded columns as predicate, sort key and group: all of them see masks, whatever the plan
foreach my $query (
	q(SELECT count(*) FROM crm.customer WHERE phone LIKE '0600015%'),
	q(SELECT count(*) FROM crm.customer a JOIN crm.customer b ON a.phone = b.phone WHERE a.id = 17000 AND b.id = 17000 AND a.phone = '0600017000'),
	q(SELECT count(*) FROM (SELECT phone FROM crm.customer WHERE id > 20 GROUP BY phone HAVING phone ~ '^[0-9]+$') s))
{
	is((as($node, 'crm', 'anna', "$parallel $query"))[0], '0', "only masks: $query");
}
is((as($node, 'crm', 'dispatcher', "SET application_name = 'all'; $parallel SELECT count(DISTINCT phone) FROM crm.customer"))[0], '20000', 'the dispatcher reads all');
is(log_rows($node, 'crm', "application = 'all' AND event = 'shown'"), 20000, '... on record');

# A function that says it is parallel safe, and is not
$node->safe_psql('crm', q(
	CREATE FUNCTION crm.phone(bigint) RETURNS text STABLE PARALLEL SAFE LANGUAGE plpgsql
		AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
	CREATE FUNCTION crm.tell(bigint) RETURNS bigint STABLE PARALLEL SAFE LANGUAGE plpgsql
		AS $$BEGIN RAISE NOTICE 'told: %', (SELECT phone FROM crm.customer WHERE id = $1); RETURN $1; END$$;
	CREATE FUNCTION crm.sql_phone(bigint) RETURNS SETOF text STABLE PARALLEL SAFE LANGUAGE sql
		AS 'SELECT phone FROM crm.customer WHERE id = $1';));
foreach my $force (0, 1)
{
	# Where every plan is made a parallel one, the leader takes no part: all is in the worker.
	my $set = $parallel . ($force ? 'SET ' . forced_parallel($node) . ' = on; SET parallel_leader_participation = off;' : 'SET parallel_leader_participation = off;');
	foreach my $call ('SELECT crm.phone(id) FROM crm.customer WHERE id IN (3, 15000)',
		'SELECT crm.tell(id) FROM crm.customer WHERE id = 3',
		'SELECT count(*) FROM crm.customer WHERE id = 3 AND crm.phone(id) > \'\'')
	{
		my ($out, $err) = as($node, 'crm', 'anna', "$set $call");
		is(state_of($err), '0A000', "in a worker: $call");
		like($err, qr/guarded columns cannot be read in a parallel worker/, '... refused');
		unlike($out . $err, qr/06000|0600015000/, '... without a value');
	}
	my ($out, $err) = as($node, 'crm', 'anna', "$set SELECT p FROM crm.customer c, LATERAL crm.sql_phone(c.id) p WHERE c.id IN (3, 15000) ORDER BY 1");
	unlike($out . $err, qr/0600015000/, 'an SQL function that is inlined shows no value outside a window');
	is($out, mask_of(15000) . "\n" . phone_of(3), '... but the mask, and the value inside one');
}
# Outside of a worker it is an ordinary function
is((as($node, 'crm', 'anna', 'SET max_parallel_workers_per_gather = 0; SELECT crm.phone(3), crm.phone(15000)'))[0],
	phone_of(3) . '|' . mask_of(15000), 'in the leader it works');

# SERIALIZABLE: readers and the closing of a window
{
	my $anna = session($node, 'crm', 'anna');
	my $closer = session($node, 'crm', 'postgres');
	$anna->query('BEGIN ISOLATION LEVEL SERIALIZABLE');
	$closer->query('BEGIN ISOLATION LEVEL SERIALIZABLE');
	is($anna->query('SELECT phone FROM crm.customer WHERE id = 4'), phone_of(4), 'SERIALIZABLE: anna reads');
	$closer->query("UPDATE crm.intervention SET status = 'done' WHERE customer_id = 4 RETURNING (SELECT name FROM crm.customer WHERE id = 4)");
	is($anna->query('SELECT phone FROM crm.customer WHERE id = 4'), phone_of(4), 'an uncommitted end does not count');
	$closer->query('COMMIT');
	is($anna->query('SELECT phone FROM crm.customer WHERE id = 4'), mask_of(4), 'a committed one does');
	$anna->query('COMMIT');
	is($closer->{stderr} . $anna->{stderr}, '', 'and neither fails to serialize');
	$_->quit foreach $anna, $closer;
}
ok(log_is_whole($node, 'crm'), 'the log is whole');
$node->stop;
done_testing();
