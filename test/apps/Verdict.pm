# What a program of test/apps/tools has done with a guarded CRM (crm.sql), judged by what it printed
# and by what is on record.  For test/apps/judge and test/t/190_apps.pl.
package Verdict;

use strict;
use warnings;

use Exporter 'import';

our @EXPORT_OK = qw(header verdict);

# header(FILE): the lines "Tool: ..." and so on at its top
sub header
{
	open my $file, '<', $_[0] or die "$_[0]: $!\n";
	my %header;
	while (<$file>)
	{
		$header{$1} = $2 if m{^\W{1,3}(Tool|Packages|Version|Command|With|Before|After): (.*)};
	}
	return %header;
}

# The pairs "actor customer" that a line of output shows: numbers without stars.  RETURNING of a
# plain INSERT is no read.
sub shown_in
{
	my ($step, $actor, @read) = split ' ', $_[0];
	return if $step eq 'made';
	return map { /^(\d+)=\d+$/ ? "$actor $1" : () } @read;
}

# verdict(EXPECTED, OUTPUT, QUERY): the names of the steps, and what was wrong, as references.
# EXPECTED and OUTPUT are names of files; QUERY gives the rows of an SQL text, for a superuser.
sub verdict
{
	my ($expected, $output, $query) = @_;
	my %want = map { chomp; /^(\w+) / ? ($1 => $_) : () } do { local @ARGV = $expected; <> };
	my (@steps, @wrong, %shown);
	for (do { local @ARGV = $output; <> })
	{
		chomp;
		s/\s+$//;
		my ($step) = split ' ';
		next if !defined $step;
		push @steps, $step;
		$shown{$_} = 1 for shown_in($_);
		push @wrong, defined $want{$step} ? "$_\n\tnot: $want{$step}" : "$_: no such step"
		  if ($want{$step} // '') ne $_;
	}
	# What is on record, and who is accused without having been shown a value
	$query->('SELECT contact_guard.sync()');
	my %record = map { $_ => 1 } $query->("SELECT DISTINCT actor || ' ' || customer FROM contact_guard.access_log WHERE event = 'shown' AND actor <> 'postgres'");
	push @wrong, map { "no record that $_ was shown" } grep { !$record{$_} } sort keys %shown;
	push @wrong, map { "a record that $_ was shown, but it has not come out" } grep { !$shown{$_} } sort keys %record;
	# No number has changed, whatever the program has written back
	push @wrong, map { "the number of customer $_ has changed" } $query->("SELECT id FROM customer WHERE phone <> '06399800' || to_char(id, 'FM00')");
	return (\@steps, \@wrong);
}

1;
