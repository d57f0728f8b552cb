# A technician who floods: 32 clients of one read what they may not, for BENCH_FLOOD
# seconds (20; the promise is about 300), while a dispatcher works.  None of the
# dispatcher's reads is refused, and they stay quick.  max_backlog is what a new server has.

package Bench::Part::flood;

use strict;
use warnings;

use Bench;
use Bench::Cluster;
use IPC::Run ();
use Time::HiRes qw(sleep time);

my $flood = option('FLOOD', 20);
my $customers = 200_000;

goal(name => 'flood/refused', text => "reads of a dispatcher that are refused in a flood of $flood s", sense => 'at most', goal => 0,
	of => ['flood/refused']);
goal(name => 'flood/median', text => 'ms of a read of a dispatcher in the flood, the median', sense => 'at most', goal => 10,
	of => ['flood/median']);

# The reader; one that fails is started again, as an application would try again
sub dispatcher
{
	my ($cluster, $seconds) = @_;
	my ($refused, @times) = (0);
	my $script = $cluster->script("\\set id random(1, $customers)\nSELECT phone FROM crm.customer WHERE id = :id;");
	my $end = time + $seconds;
	while ((my $left = int($end - time)) >= 1)
	{
		my $prefix = work() . '/dispatcher';
		unlink glob("$prefix.*");
		my $output = '';
		$refused++ if !IPC::Run::run([ as_postgres('pgbench', '-n', '-M', 'prepared', '-c', 1, '-R', 50, '-T', $left, '-l', '--log-prefix', $prefix,
			'-f', $script, $cluster->connection('dispatcher'), 'postgres') ], '<', \undef, '>', \$output, '2>&1');
		note("the dispatcher was refused: $1") if $output =~ /(ERROR: .*)/;
		foreach my $log (glob("$prefix.*"))
		{
			open my $in, '<', $log or next;
			# client, transaction, time and schedule lag in us: the lag is pgbench's own delay
			push @times, map { my @fields = split; ($fields[2] - ($fields[6] // 0)) / 1000 } <$in>;
		}
	}
	return ($refused, @times);
}

sub run
{
	my $cluster = cluster('flood', grep { !/max_backlog/ } Bench::Cluster::guarded());
	$cluster->file($_, customers => $customers) foreach qw(crm.sql guard.sql);
	$cluster->sql('postgres', 'VACUUM ANALYZE', 'CHECKPOINT');

	my (undef, @quiet) = dispatcher($cluster, 3);
	figure('flood/quiet', 'ms', median(@quiet));
	my $script = $cluster->script("\\set id random(11, $customers)\nSELECT phone FROM crm.customer WHERE id = :id;");
	my $output = '';
	my $before = $cluster->sql('postgres', 'SELECT log_size FROM contact_guard.status()');
	my $reader = IPC::Run::start([ as_postgres('pgbench', '-n', '-M', 'prepared', '-c', 32, '-j', 2, '-T', $flood, '-f', $script,
		$cluster->connection('anna'), 'postgres') ], '<', \undef, '>', \$output, '2>&1');
	sleep 0.5;
	my ($refused, @times) = dispatcher($cluster, $flood - 1);
	my $lag = $cluster->sql('postgres', 'SELECT lag_bytes FROM contact_guard.status()');
	# A client of the flood that is refused ends, which is as good.
	$reader->finish;
	note("the flood: $1") if $output =~ /(ERROR: .*)/;
	figure('flood/refused', 'reads', $refused);
	figure('flood/median', 'ms', median(@times));
	figure('flood/99 of 100', 'ms', (sort { $a <=> $b } @times)[ $#times * 0.99 ]);
	figure('flood/reads', 'of the dispatcher', scalar @times);
	figure('flood/withheld', 'a second', $1) if $output =~ /^tps = ([\d.]+)/m;
	figure('flood/lag', 'bytes at the end', $lag);
	figure('flood/rest', 's more of recorder', $cluster->settle);
	figure('flood/records', 'in the log', $cluster->sql('postgres', 'SELECT log_size FROM contact_guard.status()') - $before);
	$cluster->stop;
}

return { name => 'a flood of withheld reads', run => \&run, variants => [ map { "flood/$_" } qw(refused median) ] };
