# An ordinary day: BENCH_TECHNICIANS (200) of whom each does 72 transactions, as list
# screens, detail pages and searches.  Three snoopers among them open 40 pages of customers
# that are not theirs.  How many records does it make, and at which rank of the attempts
# do the snoopers stand?

package Bench::Part::day;

use strict;
use warnings;

use Bench;
use Bench::Cluster;
use List::Util qw(max);

my $technicians = option('TECHNICIANS', 200);
my $customers = 20_000;
my $per_day = 72;
my @snoopers = map { int($technicians * $_) } 0.1, 0.5, 0.7;

goal(name => 'day/records', text => "records of " . $technicians * $per_day . " transactions", sense => 'at most',
	goal => 60_000 * $technicians / 200, of => ['day/records']);
goal(name => 'day/rank', text => 'rank of the three snoopers (1: all are before anybody else)', sense => 'at most', goal => 1, of => ['day/rank']);

# random(N): the same numbers in each run
sub random
{
	my ($seed, $n) = @_;
	$$seed = ($$seed * 1103515245 + 12345) % 2147483648;
	return int($$seed / 65536) % $n;
}

# What the technician t does: eight jobs a day, one of which is open at a time
sub day_of
{
	my ($t) = @_;
	my $seed = 1000 + $t;
	my @mine = map { $t * 8 + $_ + 1 } 0 .. 7;
	my @sql;
	foreach my $n (1 .. $per_day)
	{
		my $what = random(\$seed, 100);
		if ($what < 25)
		{
			push @sql, 'SELECT i.id, c.name, c.phone, i.opens_at FROM crm.intervention i JOIN crm.customer c ON c.id = i.customer_id '
			  . "WHERE i.technician = current_user AND i.opens_at > now() - interval '12 hours' ORDER BY i.opens_at";
		}
		elsif ($what < 50)
		{
			my $page = random(\$seed, $customers - 100);
			push @sql, "SELECT id, name, phone, email FROM crm.customer WHERE id >= $page ORDER BY id LIMIT 100";
		}
		elsif ($what < 85)
		{
			# Of his own jobs: the first is open, the others were or will be
			my $id = $mine[ random(\$seed, 10) < 7 ? 0 : random(\$seed, 8) ];
			push @sql, "SELECT * FROM crm.customer WHERE id = $id";
		}
		elsif ($what < 97)
		{
			my $part = random(\$seed, 900) + 100;
			push @sql, "SELECT id, name, phone FROM crm.customer WHERE name LIKE 'Customer $part%' ORDER BY name LIMIT 20";
		}
		else
		{
			push @sql, "SELECT id, name FROM crm.customer WHERE phone = '+336" . sprintf('%08d', random(\$seed, $customers)) . "'";
		}
	}
	if (grep { $_ == $t } @snoopers)
	{
		# Instead of as many of his ordinary pages
		splice @sql, 5, 40, map { 'SELECT * FROM crm.customer WHERE id = ' . (random(\$seed, $customers) + 1) } 1 .. 40;
	}
	return @sql;
}

sub play
{
	my ($cluster) = @_;
	my %running;
	foreach my $t (0 .. $technicians - 1)
	{
		my $script = $cluster->script(join ";\n", day_of($t), '');
		my $pid = fork() // die "fork: $!\n";
		if (!$pid)
		{
			open STDOUT, '>', '/dev/null';
			exec as_postgres('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', $cluster->connection("technician$t"), '-d', 'postgres', '-o', '/dev/null', '-f', $script);
		}
		$running{$pid} = 1;
		ended(\%running) if keys %running >= 8;
	}
	ended(\%running) while %running;
}

sub ended
{
	my ($running) = @_;
	my $pid = wait;
	delete $running->{$pid};
	die "test/bench/run: a technician's session failed\n" if $?;
}

# rank(CLUSTER, ORDER): where the last snooper stands, when attempts are in that order
sub rank
{
	my ($cluster, $order) = @_;
	my %snoops = map { ("technician$_" => 1) } @snoopers;
	my @actors = split /\n/, $cluster->sql('verifier', "SELECT actor FROM contact_guard.withheld_attempts() ORDER BY $order DESC, actor");
	my ($last) = grep { $snoops{ $actors[$_] } } reverse 0 .. $#actors;
	return $last + 1 - (@snoopers - 1);
}

sub run
{
	my $cluster = cluster('day', Bench::Cluster::guarded());
	$cluster->file($_, customers => $customers) foreach qw(crm.sql guard.sql);
	$cluster->file('day.sql', technicians => $technicians);
	$cluster->settle;
	my $before = $cluster->sql('postgres', 'SELECT log_size FROM contact_guard.status()');
	play($cluster);
	$cluster->settle;
	figure('day/records', 'records', $cluster->sql('postgres', 'SELECT log_size FROM contact_guard.status()') - $before);
	my %events = $cluster->sql('postgres', "SELECT event, count(*) FROM contact_guard.log WHERE seq >= $before GROUP BY event") =~ /^(\w+)\|(\d+)$/mg;
	figure("day/records/$_", 'records', $events{$_}) foreach sort keys %events;
	my $targeted = $cluster->sql('postgres', q(SELECT 'targeted' = ANY (proargnames) FROM pg_proc
		WHERE pronamespace = 'contact_guard'::regnamespace AND proname = 'withheld_attempts')) eq 't';
	note('withheld_attempts() has no "targeted": the rank is that of "attempts"') if !$targeted;
	figure('day/rank', '', rank($cluster, $targeted ? 'targeted' : 'attempts'));
	figure('day/rank by attempts', '', rank($cluster, 'attempts'));
	$cluster->stop;
}

return { name => 'an ordinary day', run => \&run, variants => [ 'day/records', 'day/rank' ] };
