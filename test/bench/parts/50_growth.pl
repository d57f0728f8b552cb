# What grows: open windows of a technician, rows of a table, guarded columns, protected
# tables.  BENCH_BIG=n is the number of rows of the large table, 1000000.
#
# All by the CPU time of a transaction, which a busy machine changes little; fsync is off,
# since waiting costs time of its own.

package Bench::Part::growth;

use strict;
use warnings;

use Bench;
use Bench::Cluster;

my @fast = ('fsync = off', 'autovacuum = off');
my $big = option('BIG', 1_000_000);
my @windows = (10, 100, 1000, 10_000);
my $base = 200_000;		# the windows of "many" begin behind those of anna

goal(name => "growth/windows-$_", text => "$_ of one with 10,000 windows by one with 10, CPU time", sense => 'at most', goal => 4,
	of => [ "growth/windows-10000-$_/cpu", "growth/windows-10-$_/cpu" ]) foreach qw(shown withheld);
goal(name => "growth/rows-$_", text => "$_, a table of $big rows by one of 10,000, CPU time", sense => 'at most', goal => 1.25,
	of => [ "growth/rows-big-$_/cpu", "growth/rows-small-$_/cpu" ]) foreach qw(shown withheld);
goal(name => 'growth/columns', text => 'shown, 20 guarded columns by 1, one is read, CPU time', sense => 'at most', goal => 1.1,
	of => [ 'growth/columns-20/cpu', 'growth/columns-1/cpu' ]);
goal(name => 'growth/hide', text => "ms of all rows in mode hide, ten open windows, $big rows", sense => 'at most', goal => 1,
	of => ['growth/hide']);
goal(name => "growth/tables-$_", text => "$_, beside 1,500 protected tables by beside none, CPU time", sense => 'at most', goal => 1.1,
	of => [ "growth/tables-1500-$_/cpu", "growth/tables-1-$_/cpu" ]) foreach qw(shown withheld connect);

# point(CLUSTER, NAME, SCRIPT, OPTION => ...): a variant of turns()
sub point
{
	my ($cluster, $name, $script, %given) = @_;
	return [ $name, sub
	{
		my ($rate, $done);
		return $cluster->spend($name, sub { $done }, sub
		{
			($rate, $done) = $cluster->rate(user => 'anna', script => $script, %given);
			return $rate;
		});
	} ];
}

sub script
{
	my ($first, $last, $sql) = @_;
	return "\\set id random($first, $last)\n$sql;";
}

sub variants_of_windows
{
	my ($cluster) = @_;
	my @variants;
	foreach my $count (@windows)
	{
		push @variants, point($cluster, "growth/windows-$count-shown", script($base + 1, $base + 10, 'SELECT phone FROM crm.big WHERE id = :id'),
			user => "many$count");
		push @variants, point($cluster, "growth/windows-$count-withheld", script(1, 1000, 'SELECT phone FROM crm.big WHERE id = :id'),
			user => "many$count");
	}
	return @variants;
}

sub variants_of_sizes
{
	my ($cluster) = @_;
	return (
		(map { my $size = $_; (
			point($cluster, "growth/rows-$size-shown", script(1, 10, "SELECT phone FROM crm.$size WHERE id = :id")),
			point($cluster, "growth/rows-$size-withheld", script(11, 10_000, "SELECT phone FROM crm.$size WHERE id = :id"))) } qw(small big)),
		(map { point($cluster, "growth/columns-$_", script(1, 10, "SELECT c1 FROM crm.columns$_ WHERE id = :id")) } 1, 20));
}

sub variant_of_hide
{
	my ($cluster) = @_;
	return [ 'growth/hide', sub { return $cluster->milliseconds(user => 'anna', script => 'SELECT id, phone FROM crm.hidden;') } ];
}

# Two clusters, since what is protected is known to a whole database
sub variants_of_tables
{
	my %cluster = (1 => cluster('tables1', Bench::Cluster::guarded(), @fast),
		1500 => cluster('tables1500', Bench::Cluster::guarded(), @fast, 'max_locks_per_transaction = 4096'));
	my @variants;
	foreach my $count (1, 1500)
	{
		$cluster{$count}->file($_, customers => 20_000) foreach qw(crm.sql guard.sql);
		$cluster{$count}->file('tables.sql', tables => $count - 1);
		$cluster{$count}->sql('postgres', 'VACUUM ANALYZE', 'CHECKPOINT');
	}
	foreach my $kind ([ 'shown', 1, 10 ], [ 'withheld', 11, 20_000 ], [ 'connect', 1, 10 ])
	{
		my ($name, $first, $last) = @$kind;
		push @variants, map { point($cluster{$_}, "growth/tables-$_-$name", script($first, $last, 'SELECT phone FROM crm.customer WHERE id = :id'),
			$name eq 'connect' ? (options => [ '-C', '-T', seconds() ]) : ()) } 1, 1500;
	}
	return @variants;
}

sub run
{
	my ($wanted) = @_;
	my @variants;
	if (grep { !/tables/ } keys %$wanted)
	{
		my $cluster = cluster('growth', Bench::Cluster::guarded(), @fast);
		$cluster->file($_, customers => $base) foreach qw(crm.sql guard.sql);
		$cluster->file('growth.sql', big => $big, base => $base);
		@variants = (variants_of_windows($cluster), variants_of_sizes($cluster), variant_of_hide($cluster));
	}
	push @variants, variants_of_tables() if grep { /tables/ } keys %$wanted;
	@variants = grep { $wanted->{ $_->[0] } || $wanted->{"$_->[0]/cpu"} } @variants;
	turns('a second', grep { $_->[0] ne 'growth/hide' } @variants);
	turns('ms', grep { $_->[0] eq 'growth/hide' } @variants);
	$_->stop foreach map { cluster($_) } grep { $Bench::clusters{$_} } qw(growth tables1 tables1500);
}

return { name => 'what grows', run => \&run, variants => [
	(map { my $count = $_; map { ("growth/windows-$count-$_", "growth/windows-$count-$_/cpu") } qw(shown withheld) } @windows),
	(map { my $size = $_; map { ("growth/rows-$size-$_", "growth/rows-$size-$_/cpu") } qw(shown withheld) } qw(small big)),
	(map { ("growth/columns-$_", "growth/columns-$_/cpu") } 1, 20), 'growth/hide',
	(map { my $count = $_; map { ("growth/tables-$count-$_", "growth/tables-$count-$_/cpu") } qw(shown withheld connect) } 1, 1500) ] };
