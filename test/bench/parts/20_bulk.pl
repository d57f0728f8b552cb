# Id and phone number of all customers at once, by a role that may read them: each is a
# record.  BENCH_MILLION=1 does the same with a million customers.

package Bench::Part::bulk;

use strict;
use warnings;

use Bench;

my %sizes = (option('ROWS', 200_000) => '');
$sizes{1_000_000} = 'm' if option('MILLION', 0);
my @names;
foreach my $size (sort { $a <=> $b } keys %sizes)
{
	foreach my $how ([ 'select', 'id and phone', 1.7 ], [ 'copy', 'COPY of id and phone', 1.5 ])
	{
		my ($kind, $text, $goal) = @$how;
		push @names, map { "bulk/$size/$kind-$_" } qw(plain recorded withheld);
		goal(name => "bulk/$size/$kind", text => "$text of $size customers, time by plain", sense => 'at most', goal => $goal,
			of => [ "bulk/$size/$kind-recorded", "bulk/$size/$kind-plain" ]);
	}
}

sub run
{
	my ($wanted) = @_;
	my $crm = crm();
	foreach my $size (sort { $a <=> $b } keys %sizes)
	{
		my $suffix = $sizes{$size};
		if ($suffix)
		{
			next if !grep { m{/$size/} } keys %$wanted;
			$crm->file('million.sql');
		}
		my @variants;
		foreach my $kind (qw(select copy))
		{
			foreach my $who ([ 'plain', 'dispatcher', 'plain' ], [ 'recorded', 'dispatcher', 'customer' ], [ 'withheld', 'anna', 'customer' ])
			{
				my ($name, $user, $table) = @$who;
				my $full = "bulk/$size/$kind-$name";
				next if !$wanted->{$full};
				push @variants, [ $full, sub
				{
					my $sql = "SELECT id, phone FROM crm.$table$suffix";
					return scalar $crm->spend($full, $size, sub
					{
						return $kind eq 'select'
						  ? $crm->milliseconds(user => $user, script => "$sql;", options => [ '-t', 1 ])
						  : ($crm->timed($user, "COPY ($sql) TO STDOUT"))[0];
					});
				} ];
			}
		}
		turns('ms', @variants);
	}
}

return { name => 'all customers in one result', run => \&run, variants => \@names };
