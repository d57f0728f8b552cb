# Failovers under load, counted by what the clients noted.  With a synchronous standby each
# value that was shown is on record once.  With an asynchronous one the missing values were
# shown in the interval that the record "failover" names, contact-guard salvage finds each of
# them in the old data directory, and none is on record twice.
# CG_SOAK: 24 failovers instead of two, or as many as it says.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);
use Wire;

use constant READERS => 4;
use constant CUSTOMERS => 20_000;

my $rounds = ($ENV{CG_SOAK} // 0) > 1 ? $ENV{CG_SOAK} : $ENV{CG_SOAK} ? 24 : 2;
my $dir = PostgreSQL::Test::Utils::tempdir;
my $primary = guard_node('node0', { allows_streaming => 1 }, 'fsync = off', 'autovacuum = off', 'max_connections = 50', 'wal_keep_size = 256MB');
make_roles($primary);
make_crm($primary, 'crm', CUSTOMERS);
my %total = map { $_ => { noted => 0, missing => 0, longest => 0, beyond => 0 } } qw(synchronous asynchronous);

# A process that reads one customer after the other, and notes each whose value has come
sub start_reader
{
	my ($name) = @_;
	my $pid = fork // die $!;
	return $pid if $pid;
	eval {
		my $reader = Wire->new($primary, 'crm', 'dispatcher', application_name => $name);
		open my $notes, '>', "$dir/$name" or die $!;
		$notes->autoflush;
		foreach my $customer (1 .. CUSTOMERS)
		{
			my @rows = Wire::rows($reader->query("SELECT phone FROM crm.customer WHERE id = $customer"));
			last if !@rows || $rows[0][0] ne phone_of($customer);
			printf $notes "%d %.6f\n", $customer, time;
		}
	};
	POSIX::_exit(0);
}

sub notes
{
	my ($name) = @_;
	return map { [ split ] } grep { /^\d+ \d+\.\d{6}$/ } split /\n/, -e "$dir/$name" ? slurp_file("$dir/$name") : '';
}

# The values that the server which is gone has shown, and its successor does not know of
sub salvaged
{
	my ($lost, $now) = @_;
	IPC::Run::run([ 'contact-guard', 'salvage', $lost->data_dir, $now->connstr('crm') . ' user=postgres' ], '>', \my $out, '2>', \my $said);
	# The server was killed, and may have left half a record: then that is said, and nothing else.
	is($? >> 8, $said =~ /^NOT READ: the bytes at \S+ are not a whole record/m ? 2 : 0, '... salvage') or diag($said);
	unlike($said, qr/^NOT READ: (?!the bytes at \S+ are not a whole record)/m, '... has read everything else');
	my (%at, %found);
	foreach my $line (split /\n/, $out)
	{
		my @cells = split /\t/, $line;
		%at = map { $cells[$_] => $_ } 0 .. $#cells if !%at;
		$found{"$cells[$at{application}]|$cells[$at{customer}]"} = 1 if $cells[ $at{event} ] eq 'shown';
	}
	return %found;
}

foreach my $round (1 .. $rounds)
{
	my $how = $round % 2 ? 'synchronous' : 'asynchronous';
	my $name = "node$round";
	$primary->backup($name);
	my $standby = PostgreSQL::Test::Cluster->new($name);
	$standby->init_from_backup($primary, $name, has_streaming => 1);
	$standby->append_conf('postgresql.conf', "synchronous_standby_names = ''");
	$standby->start;
	$primary->safe_psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = '" . ($how eq 'synchronous' ? $name : '') . "'");
	$primary->reload;
	$primary->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_replication WHERE application_name = '$name' AND state = 'streaming' AND sync_state = '"
		  . ($how eq 'synchronous' ? 'sync' : 'async') . "'") or die 'no standby';

	my @names = map { "round$round-$_" } 1 .. READERS;
	my @readers = map { start_reader($_) } @names;
	my $begun = sub { return !grep { !(-s "$dir/$_") } @names };
	foreach (1 .. 600) { last if $begun->(); usleep(50_000) }
	usleep(500_000 + rand 1_500_000);
	# An asynchronous standby lags, in most rounds.
	my $receiver = $how eq 'asynchronous' && $standby->safe_psql('postgres', 'SELECT pid FROM pg_stat_wal_receiver');
	my $lag = $receiver ? rand 1.5 : 0;
	kill 'STOP', $receiver if $receiver;
	usleep($lag * 1_000_000);
	kill_server($primary);
	kill 'CONT', $receiver if $receiver;
	waitpid $_, 0 foreach @readers;
	$standby->promote;
	my $lost = $primary;
	$primary = $standby;

	$primary->safe_psql('crm', 'SELECT contact_guard.sync()');
	my (%there, @noted, @missing);
	foreach my $line (split /\n/, $primary->safe_psql('crm', "SELECT application, customer FROM contact_guard.access_log WHERE event = 'shown' AND application LIKE 'round$round-%'"))
	{
		$there{$line}++;
	}
	foreach my $reader (@names)
	{
		push @noted, map { [ "$reader|$_->[0]", $_->[1] ] } notes($reader);
	}
	@missing = grep { !$there{ $_->[0] } } @noted;
	cmp_ok(scalar(@noted), '>', 0, "failover $round, $how: values were shown");
	is(scalar(grep { $_ > 1 } values %there), 0, '... none is on record twice');
	is(scalar(@missing), 0, '... none is missing') if $how eq 'synchronous';
	my ($from, $to) = split /\|/, $primary->safe_psql('crm', "SELECT extract(epoch FROM closed_at), extract(epoch FROM read_at) FROM contact_guard.log WHERE event = 'failover' ORDER BY seq DESC LIMIT 1");
	is(scalar(grep { $_->[1] < $from || $_->[1] > $to } @missing), 0, '... what is missing was shown in the interval that the record names') if $how eq 'asynchronous';
	is($primary->safe_psql('crm', "SELECT count(*) FROM contact_guard.log WHERE event = 'failover'"), $round, '... one record of each failover');
	is($primary->safe_psql('crm', 'SELECT rejected_messages FROM contact_guard.status()'), 0, '... no message was rejected');
	ok(log_is_whole($primary, 'crm'), '... the log is whole, without a gap');
	my %salvaged = salvaged($lost, $primary);
	is(scalar(grep { !$salvaged{ $_->[0] } } @missing), 0, '... salvage finds each that is missing');
	is(scalar(grep { $there{$_} } keys %salvaged), 0, '... and none that is there');
	note(sprintf('%s: %d noted, %d missing, stopped for %.2f s before the kill, interval %.2f s', $how, scalar @noted, scalar @missing, $lag, $to - $from));
	$total{$how}{noted} += @noted;
	$total{$how}{missing} += @missing;
	$total{$how}{longest} = $to - $from if $to - $from > $total{$how}{longest};
	$total{$how}{beyond} = $to - $from - $lag if $to - $from - $lag > $total{$how}{beyond};
}
diag(join '; ', map { sprintf '%s: %d noted, %d missing, longest interval %.2f s, beyond the lag %.2f s', $_, @{ $total{$_} }{qw(noted missing longest beyond)} } sort keys %total) if $ENV{CG_SOAK};
$primary->stop;
done_testing();
