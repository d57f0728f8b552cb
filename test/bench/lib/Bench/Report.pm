# The results as a table and as JSON.

package Bench::Report;

use strict;
use warnings;

use Bench;
use JSON::PP;
use List::Util qw(max min);

my @order_of_machine = ('time', 'commit', 'PostgreSQL', 'CPU', 'cores', 'memory, GB', 'kernel', 'clusters in', 'fdatasync a second',
	'customers', 'turns', 'seconds a turn', 'load at the start', 'load at the end');

sub machine
{
	my ($machine) = @_;
	return join '', map { sprintf "%-20s %s\n", $_, $machine->{$_} } grep { defined $machine->{$_} } @order_of_machine;
}

# number(N): with three digits that count
sub number
{
	my ($n) = @_;
	return '-' if !defined $n;
	return sprintf('%.0f', $n) if abs($n) >= 100;
	return sprintf('%.3g', $n);
}

# The value of a goal, the least and the most; nothing if it was not measured
sub value_of
{
	my ($goal) = @_;
	my ($over, $under) = map { [ figures_of($_) ] } @{ $goal->{of} };
	my @values = @$over;
	if ($under)
	{
		my $last = min($#$over, $#$under);
		@values = map { $over->[$_] / $under->[$_] } grep { $under->[$_] } 0 .. $last;
	}
	return if !@values;
	return (median(@values), min(@values), max(@values));
}

# The same by the CPU time that each took, which other work on the machine changes less:
# a rate is compared the other way round.  KIND: "cpu", or "cpu/readers" without the recorder
sub by_cpu
{
	my ($goal, $kind) = @_;
	my ($over, $under) = map { "$_/$kind" } @{ $goal->{of} };
	return undef if !defined $under;
	my ($value) = value_of({ of => $goal->{sense} eq 'at least' ? [ $under, $over ] : [ $over, $under ] });
	return $value;
}

sub judged
{
	my ($goal) = @_;
	my ($value, $least, $most) = value_of($goal);
	my $met = !defined $value ? undef : $goal->{sense} eq 'at least' ? $value >= $goal->{goal} : $value <= $goal->{goal};
	return { name => $goal->{name}, text => $goal->{text}, sense => $goal->{sense}, goal => $goal->{goal}, of => $goal->{of},
		value => $value, least => $least, most => $most, 'by CPU' => by_cpu($goal, 'cpu/readers'),
		'by CPU with the recorder' => by_cpu($goal, 'cpu'), met => !defined $met ? 'not measured' : $met ? 'met' : 'NOT MET' };
}

sub table
{
	my ($machine) = @_;
	my $table = "== figures: medians of the turns, and how far the turns were apart\n";
	foreach my $name (@Bench::order)
	{
		my $figure = $Bench::figures{$name};
		my @values = @{ $figure->{values} };
		my $median = median(@values);
		# What the recorder did not do
		next if $name =~ m{/(recorder|rest|readers)$} && !max(@values, figures_of($name =~ s/readers$/recorder/r));
		$table .= sprintf "%-46s %10s %-22s", $name, number($median), $figure->{unit};
		$table .= sprintf ' %3.0f %%', 100 * (max(@values) - min(@values)) / abs($median) if @values > 1 && $median;
		$table .= "\n";
	}
	$table .= "== goals\n";
	foreach my $goal (map { judged($_) } wanted_goals())
	{
		$table .= sprintf "%-22s %-70s %-8s %6s  %7s %-16s %s\n", $goal->{name}, $goal->{text}, $goal->{sense}, number($goal->{goal}),
		  number($goal->{value}), defined $goal->{value} && $goal->{least} != $goal->{most}
		  ? '(' . number($goal->{least}) . ' to ' . number($goal->{most}) . ')' : '',
		  $goal->{met} . (!defined $goal->{'by CPU'} ? '' : ', by CPU time ' . number($goal->{'by CPU'})
		  . ', with the recorder ' . number($goal->{'by CPU with the recorder'}));
	}
	$table .= join '', map { "note: $_\n" } notes();
	return "$table== machine\n" . machine($machine);
}

# keep(FOLDER, MACHINE, TABLE): results.json and table.txt
sub keep
{
	my ($folder, $machine, $table) = @_;
	my $json = JSON::PP->new->canonical->pretty;
	my %results = (
		machine => $machine,
		figures => [ map { +{ %{ $Bench::figures{$_} }, median => median(@{ $Bench::figures{$_}{values} }) } } @Bench::order ],
		goals => [ map { judged($_) } wanted_goals() ],
		notes => [ notes() ]);
	mkdir $folder;
	foreach my $file ([ 'results.json', $json->encode(\%results) ], [ 'table.txt', $table ])
	{
		open my $out, '>', "$folder/$file->[0]" or die "$folder/$file->[0]: $!\n";
		print $out $file->[1];
		close $out;
	}
}

1;
