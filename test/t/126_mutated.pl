# contact-guard against bytes that are nearly right: what a server, a witness or a file says,
# with some of it spoiled.  It ends in time with a status of its own and plain text; and if it
# says good, it says the same as of the bytes that were not spoiled.  `make sanitize` runs this
# with AddressSanitizer and UndefinedBehaviorSanitizer, and with more rounds.
#   CG_MUTATIONS=n   so many rounds of each kind, 10
#   CG_SEED=n        the first number that the changes follow from, 1
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Mock;
use Mutator;
use PostgreSQL::Test::Utils;
use Test::More;
use Witness;

my $rounds = $ENV{CG_MUTATIONS} || 10;
my $seed = $ENV{CG_SEED} || 1;
my $origin = 'example.com/log';
my $mock = Mock->new('mutated', $origin);
my $mutator = Mutator->new($mock->{node});
my ($dsn, $vkey) = ($mutator->dsn, $mock->vkey);
my $wkey = $mock->keygen('w', 'witness.example/w', '--witness');
my $witness = Witness->new($mock->work('w'), $vkey);
my $number = 0;
$ENV{no_proxy} = '127.0.0.1';

$mock->publish(0, 255);
my $held = write_to($mock->work('held'), $mock->publish(256, 299));
my $policy = write_to($mock->work('policy'), "log $vkey\nwitness w $wkey @{[ $witness->url ]}\ngroup g any w\nquorum g\n");
my $one = write_to($mock->work('one'), "log $vkey\nquorum none\n");
my $keys = write_to($mock->work('keys'), "# keys\n$vkey\n");

# What it says on stdout, but for bundles whose rows did not come (that is said, and no lie), and
# for how long ago something was.
sub said { my ($said) = @_; return $said =~ s/^(?:contact-guard:|    \|).*\n|^\d+ bundles of entries left out.*\n|, \d+ s ago$//mgr }

# rounds(NAME, SPOIL, ARGUMENT...): the honest answer, and then a spoiled one after each call of
# SPOIL.  Only these have a short time, since what waits for the rest of a message waits in vain.
sub rounds
{
	my ($name, $spoil, @arguments) = @_;
	my @bad;
	my @patience = $arguments[0] eq 'check-proof' ? () : ('--timeout', 1);
	my ($status, $honest) = guard_says(map { ref ? $_->() : $_ } @arguments);
	is($status, 0, "$name: good while nothing is spoiled") or diag($honest);
	foreach my $round (1 .. $rounds)
	{
		my $at = $seed + $round;
		$spoil->($at);
		($status, my $said) = eval { guard_says((map { ref ? $_->() : $_ } @arguments), @patience) };
		my $problem = !defined $status ? 'no end' : $status !~ /^[012]$/ ? "status $status" :
		  $said =~ /Sanitizer|runtime error/ ? 'a report' : $said =~ /[^\n\t\x20-\x7E\x80-\xFF]/ ? 'control characters' :
		  $status == 0 && said($said) ne said($honest) ? 'good, but not as before' :
		  $status != 0 && $said =~ /^good$/m ? 'good, but not by its status' : next;
		push @bad, "seed $at: $problem: " . substr($said // '', 0, 2000);
	}
	is(join("\n", @bad), '', "$name: $rounds spoiled rounds end well");
	return;
}

# What a server sends
my %command = (
	verify => [ 'verify', $dsn, '--policy', $one, '--checkpoint', $held ], range => [ 'verify', $dsn, '--vkey', $vkey, '--from', 250, '--to', 260 ],
	export => [ 'export', $dsn, sub { $mock->work('export' . ++$number) }, '--entries', '--vkey', $vkey ],
	proof => [ 'proof', $dsn, '--seq', 17, '--vkey', $vkey, '--out', sub { $mock->work('proof' . ++$number) } ],
	asked => [ 'who-read', $dsn, '--vkey', $vkey, '--customer', 27 ], counted => [ 'withheld', $dsn, '--vkey', $vkey ],
	witness => [ 'witness', $dsn, '--state', sub { $mock->work('state' . ++$number) }, '--vkey', $vkey, '--key', $mock->work('w') ]);
foreach my $name (sort keys %command)
{
	$mutator->plan(0, 0);
	guard_says(map { ref ? $_->() : $_ } @{ $command{$name} });
	my $messages = $mutator->counted;
	cmp_ok($messages, '>', 10, "$name gets messages");
	$mutator->plan(1, 0);
	rounds("server, $name", sub { $mutator->plan($_[0], $messages) }, @{ $command{$name} });
}
$mutator->stop;

# What files say
my $proof = $mock->work('right.tlog-proof');
guard_says('proof', $mock->dsn, '--seq', 17, '--vkey', $vkey, '--out', $proof);
my %file = (
	'a proof' => [ $proof, 'check-proof', \0, '--vkey', $vkey ], 'a policy' => [ $one, 'check-proof', $proof, '--policy', \0 ],
	'keys' => [ $keys, 'check-proof', $proof, '--vkey', \0 ]);
foreach my $name (sort keys %file)
{
	my ($path, @arguments) = @{ $file{$name} };
	my $right = slurp_file($path);
	my $spoiled = write_to($mock->work('spoiled'), $right);
	rounds($name, sub { srand $_[0]; write_to($spoiled, spoil(rand() < 0.5 ? $right : spoil($right))) }, map { ref ? $spoiled : $_ } @arguments);
}

# What a witness answers
rounds('a witness', sub { $witness->mode("spoil $_[0]") }, 'push', $mock->dsn, '--policy', $policy);
$witness->stop;
$mock->{node}->stop;
done_testing();
