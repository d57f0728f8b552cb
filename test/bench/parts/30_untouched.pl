# Instructions of statements, counted by callgrind (test/bench/cost): above all those of a
# session that touches nothing guarded.

package Bench::Part::untouched;

use strict;
use warnings;

use Bench;

goal(name => 'untouched', text => 'instructions of a point read of a table without a guard, by no library',
	sense => 'at most', goal => 1.01, of => [ 'instructions/plain', 'instructions/without' ]);

sub run
{
	if (system('sh -c "command -v valgrind" >/dev/null') != 0)
	{
		note('valgrind is not installed: instructions were not counted');
		return;
	}
	my $counts = work() . '/counts';
	# It fails when there are more than its budget; that is for make bench-cost to say.
	system("COUNTS=$counts READS=80 test/bench/cost");
	open my $in, '<', $counts or die "test/bench/run: test/bench/cost failed\n";
	while (<$in>)
	{
		figure("instructions/$1", 'instructions', $2) if /^(\w+) (\d+)/;
	}
}

return { name => 'instructions', run => \&run,
	variants => [ map { "instructions/$_" } qw(without plain withheld shown insert_plain insert_guarded) ] };
