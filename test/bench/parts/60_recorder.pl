# The recorder: records a second when it has all to do, how far it is behind at 10,000
# recorded reads a second, and what a record takes in WAL and in tables.

package Bench::Part::recorder;

use strict;
use warnings;

use Bench;
use Bench::Cluster;
use IPC::Run ();
use Time::HiRes qw(sleep time);

my $customers = 200_000;
my $times = option('RECORDER_TIMES', 5);	# all customers, so many times
my $lag_seconds = option('LAG_SECONDS', 10);

goal(name => 'recorder/rate', text => 'records a second, rows, indexes and tree, nobody else at work', sense => 'at least', goal => 300_000,
	of => ['recorder/rate']);
goal(name => 'recorder/lag', text => 's behind at 10,000 recorded reads a second, the longest', sense => 'at most', goal => 1,
	of => ['recorder/lag']);
goal(name => 'recorder/bulk-bytes', text => 'bytes of heap, indexes and tree a record, in bulk', sense => 'at most', goal => 250,
	of => ['recorder/bulk-bytes']);
goal(name => 'recorder/point-bytes', text => 'the same of a point read', sense => 'at most', goal => 330, of => ['recorder/point-bytes']);
goal(name => 'recorder/bulk-wal', text => "bytes of journal a customer, $customers integer keys", sense => 'at most', goal => 24,
	of => ['recorder/bulk-wal']);

# The log's bytes, tree included
sub size_of_log
{
	my ($cluster) = @_;
	return $cluster->sql('postgres', q(SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c
		WHERE c.relnamespace = 'contact_guard'::regnamespace AND c.relkind = 'r' AND c.relname ~ '^(log|tile|query_text|journal_session|context)'));
}

# blocked(CLUSTER, CODE): runs CODE while the recorder waits for a lock on the log
sub blocked
{
	my ($cluster, $code) = @_;
	my ($in, $out) = ("BEGIN; LOCK TABLE contact_guard.query_text, contact_guard.log IN EXCLUSIVE MODE; SELECT 'locked';\n", '');
	my $session = IPC::Run::start([ as_postgres('psql', '-XAtq', $cluster->connection('postgres'), '-d', 'postgres') ], '<', \$in, '>', \$out, '2>&1');
	$session->pump until $out =~ /locked|ERROR/;
	die "test/bench/run: $out" if $out =~ /ERROR/;
	my @result = $code->();
	$in .= "COMMIT;\n\\q\n";
	$session->finish;
	return @result;
}

sub wal_position { return $_[0]->sql('postgres', q(SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn)); }

sub rate
{
	my ($cluster) = @_;
	my ($wal) = blocked($cluster, sub
	{
		my $before = wal_position($cluster);
		$cluster->timed('dispatcher', ('SELECT id, phone FROM crm.customer') x $times);
		return (wal_position($cluster) - $before) / ($customers * $times);
	});
	my $time = $cluster->spend('recorder/rate', $customers * $times, sub { return $cluster->settle; });
	figure('recorder/rate', 'records a second', $customers * $times / $time);
	return $wal;
}

sub bulk
{
	my ($cluster) = @_;
	my $before = size_of_log($cluster);
	foreach my $turn (1 .. option('TURNS', 3))
	{
		figure('recorder/bulk-wal', 'bytes a customer', rate($cluster));
	}
	figure('recorder/bulk-bytes', 'bytes a record', (size_of_log($cluster) - $before) / $customers / $times / option('TURNS', 3));
}

# Eight sessions that read customers one by one: first what the journal takes, then the log
sub point
{
	my ($cluster) = @_;
	my $read = sub
	{
		my ($each) = @_;
		$cluster->pgbench(user => 'dispatcher', clients => 8, options => [ '-t', $each ],
			script => "\\set id random(1, $customers)\nSELECT phone FROM crm.customer WHERE id = :id;");
	};
	my ($wal) = blocked($cluster, sub
	{
		my $begin = wal_position($cluster);
		$read->(200);
		return (wal_position($cluster) - $begin) / 1600;
	});
	figure('recorder/point-wal', 'bytes a read', $wal);
	$cluster->settle;
	my $before = size_of_log($cluster);
	$read->(2000);
	$cluster->settle;
	figure('recorder/point-bytes', 'bytes a record', (size_of_log($cluster) - $before) / 16_000);
}

# 1,000 statements a second that read ten customers each: a slow disk can flush no more
sub lag
{
	my ($cluster) = @_;
	my $script = $cluster->script("\\set id random(1, @{[ $customers - 10 ]})\nSELECT phone FROM crm.customer WHERE id BETWEEN :id AND :id + 9;");
	my $out = '';
	my $reader = IPC::Run::start([ as_postgres('pgbench', '-n', '-M', 'prepared', '-c', 32, '-j', 2, '-R', 1000, '-T', $lag_seconds + 2, '-f', $script,
		$cluster->connection('dispatcher'), 'postgres') ], '<', \undef, '>', \$out, '2>&1');
	sleep 1;
	my $longest = 0;
	for (my $end = time + $lag_seconds; time < $end; sleep 0.2)
	{
		my $behind = $cluster->settle;
		$longest = $behind if $behind > $longest;
	}
	$reader->finish or die "test/bench/run: pgbench failed:\n$out";
	$cluster->settle;
	my ($rate) = $out =~ /^tps = ([\d.]+)/m;
	figure('recorder/lag', 's', $longest);
	figure('recorder/lag/rate', 'reads a second', 10 * $rate);
	note("the lag was measured at @{[ sprintf '%.0f', 10 * $rate ]} reads a second: the machine did no more") if $rate < 950;
}

sub run
{
	my ($wanted) = @_;
	my $cluster = cluster('recorder', Bench::Cluster::guarded(), 'autovacuum = off');
	$cluster->file($_, customers => $customers) foreach qw(crm.sql guard.sql);
	$cluster->sql('postgres', 'VACUUM ANALYZE', 'CHECKPOINT');
	$cluster->settle;
	# In this order: random customers would split the pages that a bulk read has filled.
	point($cluster) if grep { m{/point} } keys %$wanted;
	bulk($cluster) if grep { m{/(rate|bulk)} } keys %$wanted;
	lag($cluster) if $wanted->{'recorder/lag'};
	$cluster->stop;
}

return { name => 'the recorder', run => \&run, variants => [ map { "recorder/$_" } qw(rate bulk-bytes bulk-wal point-bytes point-wal lag) ] };
