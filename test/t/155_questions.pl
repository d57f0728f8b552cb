# The questions of auditors over a log of some size (test/bench/log.sql): each goes by the
# index that is made for it, and answers what a plain query of the log does.

use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('questions', 'max_parallel_workers_per_gather = 0');
make_roles($node);
$node->safe_psql('postgres', 'CREATE EXTENSION contact_guard; SELECT contact_guard.sync()');

# Only a server without the library lets one write the log.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
$node->safe_psql('postgres', "\\set rows 60000\n\\set months 3\n\\set customers 50\n\\i $FindBin::RealBin/../bench/log.sql");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;
is($node->safe_psql('postgres', 'SELECT count(*), min(seq) FROM contact_guard.log WHERE seq < 0'), '60000|-60000', 'a log of some size');

# The plans of what a question runs inside, from the server's log.
sub plans
{
	my ($question) = @_;
	my $from = -s $node->logfile;
	$node->safe_psql('postgres', "LOAD 'auto_explain'; SET auto_explain.log_min_duration = 0; SET auto_explain.log_nested_statements = on;
		SELECT count(*) FROM ($question) q");
	my $log = slurp_file($node->logfile, $from);
	return $log;
}

my ($since, $until) = split /\|/, $node->safe_psql('postgres', "SELECT date_trunc('month', now()) - interval '1 month', date_trunc('month', now())");
my $time = "'$since', '$until'";
my $month = $node->safe_psql('postgres', "SELECT to_char(timestamptz '$since' AT TIME ZONE 'UTC', 'YYYY_MM')");
my $customer = $node->safe_psql('postgres', "SELECT customer FROM contact_guard.log WHERE event = 'shown' AND customer IS NOT NULL AND seq < 0 ORDER BY seq LIMIT 1");
foreach my $case (
	[ "contact_guard.who_read('$customer')", qw(customer_idx event_read_at_idx) ],
	[ "contact_guard.reads_by('technician_7', $time)", 'actor_date_bin_idx' ],
	[ "contact_guard.withheld_attempts($time)", 'read_at_idx1' ],
	[ "contact_guard.refused_attempts($time)", 'event_read_at_idx' ],
	[ "contact_guard.reads_after_close($time)", qw(read_at_idx1 customer_idx) ])
{
	my ($question, @indexes) = @$case;
	my $plans = plans("SELECT * FROM $question");
	like($plans, qr/Scan (using|on) log_${month}_$_/, "$question goes by $_") foreach @indexes;
	unlike($plans, qr/BitmapAnd|Seq Scan on log_$month/, '... and by no detour');
}

# The view: the newest, and a month.
foreach my $column (qw(seq read_at))
{
	my $plan = $node->safe_psql('postgres', "EXPLAIN SELECT * FROM contact_guard.access_log ORDER BY $column DESC LIMIT 10");
	like($plan, qr/Index Scan Backward using log_${month}_${column}_idx/, "the newest records by $column are read from the index's end");
	unlike($plan, qr/->\s+Sort\b|Seq Scan on log_$month/, '... without sorting a month');
}
my $plan = $node->safe_psql('postgres', "EXPLAIN SELECT * FROM contact_guard.access_log WHERE read_at >= '$since' AND read_at < '$until'");
my %read = map { $_ => 1 } $plan =~ / on (log_\d+_\d+)/g;
is(join(' ', sort keys %read), "log_$month", 'a time reads its months only');

# The same as plain queries, which have no indexes to rely on.
sub same
{
	my ($question, $plain, $name) = @_;
	my $same = $node->safe_psql('postgres', qq(
		WITH question AS MATERIALIZED (SELECT * FROM $question), plain AS MATERIALIZED ($plain)
		SELECT (SELECT count(*) FROM question), (SELECT count(*) FROM plain), (SELECT count(*) FROM (TABLE question EXCEPT ALL TABLE plain) d)));
	my ($there, $wanted, $different) = split /\|/, $same;
	return ok($there > 0 && $there == $wanted && $different == 0, $name) || diag($same);
}
my $in_time = "read_at >= '$since' AND read_at < '$until'";
same("contact_guard.who_read('$customer')", "SELECT seq, read_at, actor, login, identity, event, relation, columns, intervention, purpose, client, application, session, statement, query
	FROM contact_guard.access_log WHERE event = 'bulk' OR customer = '$customer' AND event IN ('shown', 'lookup')", 'who_read()');
same("contact_guard.who_read('$customer', $time)", "SELECT seq, read_at, actor, login, identity, event, relation, columns, intervention, purpose, client, application, session, statement, query
	FROM contact_guard.access_log WHERE $in_time AND (event = 'bulk' OR customer = '$customer' AND event IN ('shown', 'lookup'))", 'who_read() of a month');
same("contact_guard.reads_by('technician_7', $time)", "SELECT seq, read_at, customer, event, relation, columns, count, intervention, purpose, reason, identity, session, statement, query
	FROM contact_guard.access_log WHERE $in_time AND actor = 'technician_7' AND event IN ('shown', 'withheld', 'lookup', 'bulk')", 'reads_by()');
same("contact_guard.reads_by('dispatcher_3', timestamptz '$since' + interval '50 hours', timestamptz '$since' + interval '301 hours')", "SELECT seq, read_at, customer, event, relation,
	columns, count, intervention, purpose, reason, identity, session, statement, query FROM contact_guard.access_log WHERE read_at >= timestamptz '$since' + interval '50 hours'
	AND read_at < timestamptz '$since' + interval '301 hours' AND actor = 'dispatcher_3' AND event IN ('shown', 'withheld', 'lookup', 'bulk')", '... between two hours');
same("contact_guard.withheld_attempts($time)", "SELECT w.actor, count(DISTINCT (w.session, w.statement)),
	count(DISTINCT (w.session, w.statement)) FILTER (WHERE e.targets), count(DISTINCT w.customer) FILTER (WHERE e.targets), count(DISTINCT w.customer),
	coalesce(sum(w.count) FILTER (WHERE w.customer IS NULL), 0)::bigint, min(w.read_at), max(w.read_at)
	FROM contact_guard.access_log w JOIN (SELECT actor, session, statement, count(DISTINCT customer) = 1 AND count(*) = count(customer) AS targets
		FROM contact_guard.access_log WHERE event = 'withheld' AND $in_time GROUP BY 1, 2, 3) e USING (actor, session, statement)
	WHERE w.event = 'withheld' AND w.read_at >= '$since' AND w.read_at < '$until' GROUP BY w.actor", 'withheld_attempts()');
same("contact_guard.reads_after_close($time)", "SELECT w.seq, w.read_at, w.actor, w.customer, w.relation, w.columns, w.intervention, c.closed_at, w.read_at - c.closed_at, w.session, w.statement
	FROM contact_guard.whole_log w, LATERAL (SELECT coalesce(w.closed_at, (SELECT max(s.read_at) FROM contact_guard.whole_log s WHERE s.customer = w.customer AND s.actor = w.actor
		AND s.event = 'shown' AND s.intervention = w.intervention AND s.read_at <= w.read_at)) AS closed_at) c
	WHERE w.event = 'withheld' AND w.intervention IS NOT NULL AND c.closed_at IS NOT NULL AND $in_time", 'reads_after_close()');

$node->stop;
done_testing();
