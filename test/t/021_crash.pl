# The server is killed with kill -9 at random moments, as a whole or one process of
# it, while readers note each value when it arrives.  Afterwards every noted
# (session, statement, customer) is in the log once.  make soak does it 200 times.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IO::Select;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);
use Wire;

my $rounds = $ENV{CG_SOAK} ? 200 : 10;
my $readers = 4;
my $seed = $ENV{CG_SEED} // int(time);
srand($seed);
my $node = guard_node('crash', 'fsync = on', 'restart_after_crash = on', 'max_wal_size = 64MB', 'min_wal_size = 32MB',
	'recovery_init_sync_method = syncfs');
make_roles($node);
make_crm($node, 'crm', 10_000);

my %noted;						# "application statement customer" => times
my %asked;						# application => statements sent
my $values = 0;

sub named
{
	my ($pattern) = @_;
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
	return grep { (eval { slurp_file("/proc/$_/cmdline") } // '') =~ $pattern } children_of($postmaster);
}

my @kinds = (
	[ server => sub { kill_server($node); $node->{_pid} = undef; return 1 } ],
	[ postmaster => sub {
		my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
		my @all = ($postmaster, children_of($postmaster));
		kill 'KILL', $postmaster;
		$node->{_pid} = undef;
		wait_gone(@all);
		return 1;
	} ],
	[ reader => sub { my ($r) = @_; kill 'KILL', $r->[rand @$r]->pid } ],
	[ recorder => sub { my @pid = named(qr/contact_guard recorder/); kill 'KILL', @pid; return scalar @pid } ],
	[ launcher => sub { my @pid = named(qr/contact_guard launcher/); kill 'KILL', @pid; return scalar @pid } ],
	[ checkpointer => sub { kill 'KILL', named(qr/checkpointer|walwriter/) } ]);

sub ask
{
	my ($reader) = @_;
	my $from = 1 + int rand 9_997;
	$asked{ $reader->{name} } = ++$reader->{statement};
	$reader->put(Wire::simple("SELECT id, phone FROM crm.customer WHERE id BETWEEN $from AND $from + 2"));
	return;
}

# Takes what has come; asks again when an answer is complete, unless it is the end.
sub take_values
{
	my ($reader, $more) = @_;
	while (my $message = $reader->next_message(0))
	{
		foreach my $row (Wire::rows($message))
		{
			die 'a wrong value' if $row->[1] ne phone_of($row->[0]);
			$noted{"$reader->{name} $reader->{statement} $row->[0]"}++;
			$values++;
		}
		ask($reader) if $message->[0] eq 'Z' && $more;
	}
	return;
}

my %crashes;
my $staged = 0;
for (my $round = 1; $staged < $rounds; $round++)
{
	my @all = map {
		my $reader;
		my $name = "reader $round.$_";
		foreach my $try (1 .. 600)
		{
			$reader = eval { Wire->new($node, 'crm', 'dispatcher', application_name => $name) } and last;
			usleep(50_000);
		}
		$reader or die "the server does not come back: $@";
		$reader->{name} = $name;
		$reader
	} 1 .. $readers;
	my $select = IO::Select->new(map { $_->{socket} } @all);
	ask($_) foreach @all;
	# A busy machine takes longer to bring values, and a round without any would say nothing.
	my $before = $values;
	for (my $until = time + 0.02 + rand 0.25; time < $until || ($values < $before + 60 && time < $until + 30);)
	{
		$select->can_read(0.002);
		take_values($_, 1) foreach @all;
	}
	my ($kind, $kill) = @{ $kinds[ rand @kinds ] };
	my $hit = $kill->(\@all);
	if ($hit) { $staged++; $crashes{$kind}++ }
	foreach my $reader (@all)
	{
		# What had left the server counts, too
		if (!$hit) { $reader->until_ready(0.1); $reader->close; next }
		$select->can_read(0.05) while !$reader->ended && (take_values($reader, 0), 1) && time < $^T + 3500 && !$reader->ended;
	}
	slow_start($node) if !defined $node->{_pid};
}
foreach (1 .. 600)
{
	last if eval { Wire->new($node, 'crm', 'dispatcher') };
	usleep(50_000);
}

$node->safe_psql('crm', 'SELECT contact_guard.sync()');
my ($repeated, $records, %found, %surplus) = (0, 0);
foreach (split /\n/, $node->safe_psql('crm', q(SELECT concat_ws(' ', application, statement, customer), count(*)
	FROM contact_guard.access_log WHERE application LIKE 'reader %' AND event = 'shown' GROUP BY 1)))
{
	my ($key, $count) = split /\|/;
	$records += $count;
	$repeated++ if $count > 1;
	$found{$key} = $count;
	$key =~ /^(reader \S+) (\d+)/;
	$surplus{$1}{$2} = 1 if !$noted{$key};
}
my @missing = grep { !$found{$_} } keys %noted;
diag("seed $seed: $staged crashes (" . join(', ', map { "$_ $crashes{$_}" } sort keys %crashes)
	  . "), $values values noted, $records records found, " . ($records - keys %noted) . ' of them of values that did not arrive');
is($staged, $rounds, 'crashes');
cmp_ok($values, '>', 50 * $rounds, 'the readers got values');
is(scalar @missing, 0, 'every noted value is on record') or diag(join "\n", @missing[ 0 .. min(20, $#missing) ]);
is($repeated, 0, 'none twice');
is(scalar(grep { keys %{ $surplus{$_} } > 1 } keys %surplus), 0, 'no more is on record than the statement that the crash hit');
ok(log_is_whole($node, 'crm'), 'the log has no hole, no repetition and no gap');
is($node->safe_psql('crm', 'SELECT rejected_messages FROM contact_guard.status()'), 0, 'no message was rejected');
$node->stop;
done_testing();

sub min { return $_[0] < $_[1] ? $_[0] : $_[1] }
