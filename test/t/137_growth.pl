# What a session pays for many protected tables and many partitions: memory a
# relation, and the processor time of a read after an invalidation that has nothing
# to do with it, as each ANALYZE of any table sends one.  What else the machine does
# is not in that time.
#
# CG_SOAK=1 takes the sizes that the project promises; what is asserted is a bound
# with room for a slow machine, what is measured is in the notes of the output.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $soak = $ENV{CG_SOAK};
my ($many_tables, $many_partitions) = $soak ? (1500, 10_000) : (600, 1000);
my $turns = 41;
# With assertions memory contexts have guards of their own.
my $room = $ENV{CG_SLOW} || 1;

my $node = guard_node('growth', 'max_locks_per_transaction = 4096', 'autovacuum = off',
	'client_min_messages = warning');
make_roles($node);
make_crm($node, 'postgres', 100);
$node->safe_psql('postgres', q(
	GRANT pg_read_all_stats TO anna;
	CREATE TABLE crm.elsewhere (id int);
	CREATE FUNCTION crm.protect(first int, last int) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		FOR i IN first .. last LOOP
			EXECUTE format('CREATE TABLE crm.t%s (id int PRIMARY KEY, phone text, mail%s text)', i, i);
			PERFORM contact_guard.protect(format('crm.t%s', i)::regclass, customer => 'id',
				columns => '{phone}', mask => 'partial(2,1)');
		END LOOP;
	END $$;
	CREATE FUNCTION crm.divide(parent text, last int) RETURNS void LANGUAGE plpgsql AS $$
	BEGIN
		EXECUTE format('CREATE TABLE crm.%I (id int, phone text) PARTITION BY RANGE (id)', parent);
		FOR i IN 1 .. last LOOP
			EXECUTE format('CREATE TABLE crm.%I PARTITION OF crm.%I FOR VALUES FROM (%s) TO (%s)',
				parent || i, parent, i, i + 1);
		END LOOP;
	END $$;));

# A value that is shown is looked up in the interventions each time.
my $shown = 'SELECT phone FROM crm.customer WHERE id = 7';

sub memory
{
	my ($session) = @_;
	return $session->query(q(SELECT coalesce(sum(total_bytes), 0) FROM pg_backend_memory_contexts
		WHERE name LIKE 'contact_guard%'));
}

# The processor time that a process has had, ms
sub processor_time
{
	my ($pid) = @_;
	my ($ns) = slurp_file("/proc/$pid/schedstat") =~ /^(\d+)/ or die "no time of process $pid";
	return $ns / 1e6;
}

# Of one read after another session's ANALYZE, ms: the median, and without one.
sub read_times
{
	my ($session) = @_;
	my %times = (quiet => [], analyzed => []);
	my $other = session($node, 'postgres', 'postgres');
	my $pid = $session->query('SELECT pg_backend_pid()');
	foreach my $turn (1 .. $turns)
	{
		foreach my $kind (qw(quiet analyzed))
		{
			# One that finds nothing new sends none.
			$other->query('INSERT INTO crm.elsewhere VALUES (1); ANALYZE crm.elsewhere') if $kind eq 'analyzed';
			my $before = processor_time($pid);
			$session->query('EXECUTE one');
			push @{ $times{$kind} }, processor_time($pid) - $before;
		}
	}
	$other->quit;
	return map { (sort { $a <=> $b } @{ $times{$_} })[ $turns / 2 ] } qw(quiet analyzed);
}

sub reader
{
	my $session = session($node, 'postgres', 'anna');
	$session->query("PREPARE one AS $shown");
	is($session->query('EXECUTE one'), phone_of(7), 'the reader is shown what he may see');
	return $session;
}

my %time;
foreach my $tables (10, $many_tables)
{
	my $from = $tables == 10 ? 1 : 11;
	$node->safe_psql('postgres', "SELECT crm.protect($from, $tables)");
	my $session = reader();
	($time{quiet}, $time{$tables}) = read_times($session);
	$session->quit;
	note sprintf('%d protected tables: a read takes %.3f ms, after an invalidation %.3f ms',
		$tables, $time{quiet}, $time{$tables});
}
cmp_ok($time{$many_tables}, '<', 3 * $time{10} + 2 * $room,
	"a read after an ANALYZE elsewhere costs the same with $many_tables protected tables");

# Memory: the second half of the partitions tells what one costs.
foreach my $kind (qw(guarded bare))
{
	$node->safe_psql('postgres', "SELECT crm.divide('$kind', $many_partitions);
		GRANT SELECT ON crm.$kind TO anna");
	$node->safe_psql('postgres', "SELECT contact_guard.protect('crm.guarded', customer => 'id',
		columns => '{phone}', mask => 'partial(2,1)')") if $kind eq 'guarded';
	my $session = reader();
	my $empty = memory($session);
	$session->query("EXPLAIN SELECT phone FROM crm.$kind WHERE id <= 100");
	my $few = memory($session);
	$session->query("EXPLAIN SELECT phone FROM crm.$kind");
	my $many = memory($session);
	my $each = ($many - $few) / ($many_partitions - 100);
	note sprintf('%s: contact_guard has %d bytes, with 100 partitions seen %d, with %d %d: %.1f bytes each',
		$kind, $empty, $few, $many_partitions, $many, $each);
	cmp_ok($each, '<', ($kind eq 'guarded' ? 400 : 20) * $room, "a $kind partition takes little memory");
	my ($quiet, $analyzed) = read_times($session);
	note sprintf('%s, %d partitions seen: a read takes %.3f ms, after an invalidation %.3f ms',
		$kind, $many_partitions, $quiet, $analyzed);
	cmp_ok($analyzed, '<', 3 * $time{10} + 2 * $room, 'and a read after an ANALYZE elsewhere costs the same');

	# They go with the relations that they are about.
	if ($kind eq 'guarded')
	{
		my $other = session($node, 'postgres', 'postgres');
		foreach my $turn (1 .. 3)
		{
			$other->query("BEGIN; CREATE TABLE crm.late$_ PARTITION OF crm.guarded FOR VALUES FROM (-$_) TO (-$_ + 1); COMMIT")
			  foreach 1 .. 100;
			$session->query("EXPLAIN SELECT phone FROM crm.guarded WHERE id <= 0");
			$other->query("DROP TABLE crm.late$_") foreach 1 .. 100;
			$session->query("EXPLAIN SELECT phone FROM crm.guarded WHERE id <= 0");
		}
		note sprintf('after 300 partitions that came and went: %d bytes', memory($session));
		cmp_ok(memory($session), '<', $many + 100_000, 'partitions that came and went leave nothing');
		$other->quit;
	}
	$session->quit;
}

$node->stop;
done_testing();
