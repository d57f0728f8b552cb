# A standby that forwards, when servers are killed: each value that a client has got is on record
# once, whatever has crashed; and a promotion.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Wire;

use constant READERS => 4;
use constant CUSTOMERS => 40_000;
my $rounds = $ENV{CG_SOAK} || 2;

my $primary = guard_node('origin', { allows_streaming => 1 }, 'fsync = off', 'autovacuum = off', 'max_connections = 50', 'checkpoint_timeout = 1h');
make_roles($primary);
make_crm($primary, 'crm', CUSTOMERS);
$primary->safe_psql('crm', 'CREATE ROLE node2 LOGIN; GRANT contact_guard_forwarder TO node2');
$primary->backup('second');
my $standby = PostgreSQL::Test::Cluster->new('second');
$standby->init_from_backup($primary, 'second', has_streaming => 1);
my $hosts = 'host=' . join(',', $primary->host, $standby->host) . ' port=' . join(',', $primary->port, $standby->port) . ' user=node2';
$standby->append_conf('postgresql.conf', "contact_guard.standby_reads = forward\ncontact_guard.primary_conninfo = '$hosts'\n"
	. "contact_guard.primary_timeout = '20s'");
$standby->start;
$primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert'));

# Children read customers one after the other, each once, and note what they get in a file.  A
# reader whose connection ends makes another one.  What fails is not read again.
my $tempdir = PostgreSQL::Test::Utils::tempdir();
my $stop = "$tempdir/stop";
sub start_readers
{
	my ($name) = @_;
	my @pids;
	unlink $stop;
	foreach my $reader (1 .. READERS)
	{
		open my $noted, '>', "$tempdir/$name.$reader" or die;
		my $parent = $$;
		my $pid = fork;
		push(@pids, $pid), next if $pid;
		my $wire;
		for (my $id = $reader; $id <= CUSTOMERS && !-e $stop && getppid == $parent; $id += READERS)
		{
			$wire = eval { Wire->new($standby, 'crm', 'dispatcher', application_name => $name) } while (!$wire || $wire->ended) && !-e $stop && getppid == $parent && (usleep(20_000), 1);
			last if !$wire || $wire->ended;
			my @messages = $wire->query("SELECT phone FROM crm.customer WHERE id = $id", 60);
			my @rows = Wire::rows(@messages);
			syswrite $noted, @rows && $rows[0][0] eq phone_of($id) ? "$id\n" : @rows ? "wrong $id\n" : '';
		}
		POSIX::_exit(0);
	}
	return @pids;
}

sub noted
{
	my ($name) = @_;
	return map { split /\n/, slurp_file("$tempdir/$name.$_") } 1 .. READERS;
}

# Waits until the readers have got so many more values.
sub progress
{
	my ($name, $more) = @_;
	my $wanted = $more + noted($name);
	foreach (1 .. 1200) { last if noted($name) >= $wanted; usleep(50_000) }
	return;
}

sub stop_readers
{
	open my $fh, '>', $stop or die;
	close $fh;
	waitpid $_, 0 foreach @_;
	return;
}

sub judge
{
	my ($node, $name, $what) = @_;
	my @noted = noted($name);
	my %on_record;
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my @rows = split /\n/, $node->safe_psql('crm', "SELECT customer FROM contact_guard.access_log WHERE event = 'shown' AND application ~ '^$name( on |\$)'");
	$on_record{$_}++ foreach @rows;
	is(scalar(grep { !/^\d+$/ } @noted), 0, "$what: nobody got a wrong value");
	is(scalar(grep { !$on_record{$_} } @noted), 0, '... of ' . @noted . ' values none is missing in the log');
	is(scalar(grep { $on_record{$_} > 1 } keys %on_record), 0, '... and none is there twice');
	cmp_ok(scalar(@noted), '>', 100, '... and there were many');
	return;
}

# kill -9 on either side
my @readers = start_readers('killed');
foreach my $round (1 .. $rounds)
{
	progress('killed', 150);
	kill_server($primary);
	slow_start($primary);
	progress('killed', 150);
	kill_server($standby);
	slow_start($standby);
}
progress('killed', 100);
stop_readers(@readers);
judge($primary, 'killed', 'kill -9 of the primary and of the standby');
ok(log_is_whole($primary, 'crm'), '... the log is whole');

# The connection alone is cut
@readers = start_readers('cut');
foreach (1 .. 5)
{
	progress('cut', 100);
	$primary->safe_psql('crm', "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'contact_guard standby'");
}
stop_readers(@readers);
judge($primary, 'cut', 'the connections are cut');
ok(log_is_whole($primary, 'crm'), '... the log is whole');

# The primary goes away in the middle of a long result
my $wire = Wire->new($standby, 'crm', 'dispatcher', application_name => 'long');
$standby->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.primary_timeout = '500ms'");
$standby->reload;
$wire->put(Wire::simple("SELECT phone, repeat('x', 2000), pg_sleep(0.002) FROM crm.customer"));
my @messages;
while (my $message = $wire->next_message(60)) { push @messages, $message; last if $message->[0] eq 'D' && @messages > 50 }
$primary->stop('immediate');
push @messages, $wire->until_ready;
my ($error) = Wire::errors(@messages);
is($error && $error->{C}, '55000', 'a long result ends with a plain error when the primary goes away');
ok(!$wire->ended, '... and the session goes on');
is(join(',', map { $_->[0] } Wire::rows($wire->query('SELECT word FROM crm.plain WHERE id = 1'))), 'word 1', '... with what is not guarded');
slow_start($primary);
my %got = map { $_->[0] => 1 } Wire::rows(@messages);
$primary->safe_psql('crm', 'SELECT contact_guard.sync()');
my %there = map { phone_of($_) => 1 } split /\n/, $primary->safe_psql('crm', "SELECT customer FROM contact_guard.access_log WHERE event = 'shown' AND application ~ '^long '");
cmp_ok(scalar(keys %got), '>', 30, '... after some rows');
is(scalar(grep { !$there{$_} } keys %got), 0, '... which are all on record');

# ... also the wait for records of an execution which has failed, in a block that catches the error:
# the primary's process stops when it has said who may see what
$wire = Wire->new($standby, 'crm', 'anna');
$wire->query('SELECT phone FROM crm.customer WHERE id = 1');
my ($link) = $primary->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE usename = 'node2' ORDER BY backend_start DESC LIMIT 1");
my $client = fork // die $!;
if ($client == 0)
{
	$wire->query("DO \$\$ DECLARE p text; BEGIN SELECT string_agg(phone, ',') INTO p FROM crm.customer c WHERE c.id IN (6, 7, 8) AND "
		. '(c.id < 8 OR (SELECT count(*) FROM generate_series(1, 6000000) g WHERE g > c.id) / (c.id - 8) < 5); '
		. 'EXCEPTION WHEN OTHERS OR query_canceled THEN NULL; END $$', 60);
	POSIX::_exit(0);
}
my $mine = "usename = 'anna' AND backend_type = 'client backend'";
$standby->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE $mine AND state = 'active' AND query ~ '^DO'");
usleep(100_000);
kill 'STOP', $link;
$standby->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE $mine AND wait_event_type = 'Extension'");
$standby->safe_psql('postgres', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE $mine");
$standby->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE $mine AND state = 'active'");
kill 'CONT', $link;
waitpid $client, 0;
unlike(slurp_file($standby->logfile), qr/terminated by signal (?!9\b)/, 'a cancel while the records of a failed execution are sent crashes nothing');

# A cancel ends the wait
$standby->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.primary_timeout = '10min'");
$standby->reload;
$primary->stop;
$wire = Wire->new($standby, 'crm', 'dispatcher');
$wire->query("SET statement_timeout = '300ms'");
is((Wire::errors($wire->query('SELECT phone FROM crm.customer WHERE id = 1')))[0]{C}, '57014', 'statement_timeout ends the wait for the primary');
ok(!$wire->ended, '... and not the session');
slow_start($primary);

# Promotion while sessions read, with the standby synchronous: nothing may be missing
$standby->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.primary_timeout = '20s'");
$standby->reload;
$primary->safe_psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = 'second'");
$primary->reload;
$primary->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_replication WHERE sync_state = 'sync'") or die 'the standby is not synchronous';
$standby->safe_psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = ''");
@readers = start_readers('promoted');
progress('promoted', 200);
kill_server($primary);
$standby->promote;
progress('promoted', 200);
stop_readers(@readers);
judge($standby, 'promoted', 'a promotion');
is($standby->safe_psql('crm', "SELECT count(*) > 0 FROM contact_guard.access_log WHERE event = 'shown' AND application = 'promoted'"), 't', '... and afterwards it records by itself');
is($standby->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE event IN ('gap', 'conflict')"), 0, '... without a gap');
is($standby->safe_psql('crm', 'SELECT guard FROM contact_guard.status()'), 'on', '... as any primary');
$standby->stop;
done_testing();
