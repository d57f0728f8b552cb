# A new timeline is a record: what an asynchronous failover loses was made between the two
# times that it names.  And a base backup of a quiet database has no gap when it is restored
# without an archive.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);
use Wire;

my @conf = ('fsync = off', 'autovacuum = off', 'max_connections = 50', 'checkpoint_timeout = 1h');
my $primary = guard_node('old', { allows_streaming => 1 }, @conf);
make_roles($primary);
make_crm($primary, 'crm', 2000);
$primary->backup('second');
my $standby = PostgreSQL::Test::Cluster->new('second');
$standby->init_from_backup($primary, 'second', has_streaming => 1);
$standby->start;

sub failovers
{
	my ($node) = @_;
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	return $node->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE event = 'failover'");
}

# Readers note what they get, and when.  The standby stops receiving at some time.
my $reader = Wire->new($primary, 'crm', 'dispatcher', application_name => 'noted');
my %noted;
my $read = sub {
	foreach my $customer (@_)
	{
		my @rows = Wire::rows($reader->query("SELECT phone FROM crm.customer WHERE id = $customer"));
		$noted{$customer} = time if @rows && $rows[0][0] eq phone_of($customer);
	}
};
$read->(1 .. 100);
is(failovers($primary), 0, 'a server that was never promoted has no record of a failover');
$primary->wait_for_catchup($standby);
my $receiver = $standby->safe_psql('postgres', 'SELECT pid FROM pg_stat_wal_receiver');
$standby->safe_psql('postgres', "ALTER SYSTEM SET primary_conninfo = ''");
$standby->reload;
wait_gone($receiver);
$read->(101 .. 200);
is(scalar(keys %noted), 200, '200 values were shown');
my $parted = $standby->safe_psql('postgres', 'SELECT pg_last_wal_replay_lsn()');
kill_server($primary);
$standby->promote;
is(failovers($standby), 1, 'after the promotion there is one record of a failover');
my ($from, $to, $reason) = split /\|/, $standby->safe_psql('crm', "SELECT extract(epoch FROM closed_at), extract(epoch FROM read_at), reason FROM contact_guard.log WHERE event = 'failover'");
my %there = map { $_ => 1 } split /\n/, $standby->safe_psql('crm', "SELECT customer FROM contact_guard.access_log WHERE event = 'shown' AND application = 'noted'");
my @missing = grep { !$there{$_} } sort { $a <=> $b } keys %noted;
cmp_ok(scalar(@missing), '>=', 99, 'records are missing, since nobody waited for the standby');
is(scalar(grep { $noted{$_} < $from || $noted{$_} > $to } @missing), 0, '... and all of them were made between the times that the record names')
  or diag("$from $to; " . join ' ', map { $noted{$_} } @missing);
like($reason, qr/^timeline 2 left timeline 1 at (\w+\/\w+); the last record before it is of \S+ \S+, the promotion of \S+ \S+: what is missing of timeline 1 was made between the two$/, 'it says it in words');
cmp_ok($standby->safe_psql('crm', "SELECT abs(pg_wal_lsn_diff('$1', '$parted'))"), '<', 100_000, '... with the position where the timelines part') if $reason =~ /at (\S+);/;
is($standby->safe_psql('crm', "SELECT bool_and(seq > (SELECT max(seq) FROM contact_guard.access_log WHERE application = 'noted')) FROM contact_guard.access_log WHERE event = 'failover'"), 't', '... and stands behind what came from the old timeline');
ok(log_is_whole($standby, 'crm'), '... the log is whole');
$standby->restart;
is(failovers($standby), 1, 'a restart adds none');
as($standby, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
kill_server($standby);
slow_start($standby);
is(failovers($standby), 1, '... nor does a crash');

# A quiet database, in whose server WAL goes on; nobody reads anything guarded
my $node = $standby;
$node->safe_psql('postgres', 'CREATE TABLE other (t text)');
sub busy
{
	$node->safe_psql("postgres", "INSERT INTO other SELECT repeat('x', 500) FROM generate_series(1, 2000)") foreach 1 .. 20;
	$node->safe_psql("postgres", "SELECT pg_switch_wal()");
	return;
}
sub recorded { return $node->safe_psql('crm', 'SELECT recorded_lsn FROM contact_guard.status()') }
# Does the WAL from this file on say that nothing has happened?
sub says_quiet
{
	my ($from) = @_;
	return scalar grep { /\/(\w{24})$/ && substr($1, 8) ge substr($from, 8) && slurp_file($_) =~ /quiet 1 \d+ / } glob $node->data_dir . '/pg_wal/*';
}

# With archive_timeout an idle server renews no position, and the backup's WAL begins behind it.
foreach my $archive_timeout ('0', '1h')
{
	$node->append_conf('postgresql.conf', "archive_timeout = '$archive_timeout'");
	$node->reload;
	as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	if ($archive_timeout eq '0') { busy() }
	else
	{
		# The position may be renewed once more.  Then nothing happens any more.
		$node->safe_psql('postgres', 'SELECT pg_switch_wal(); CHECKPOINT');
		my ($file, $redo) = split /\|/, $node->safe_psql('postgres', 'SELECT pg_walfile_name(redo_lsn), redo_lsn FROM pg_control_checkpoint()');
		foreach (1 .. 100)
		{
			last if says_quiet($file) || $node->safe_psql('postgres', "SELECT '" . recorded() . "'::pg_lsn >= '$redo'") eq 't';
			usleep(100_000);
		}
	}
	my $idle = $archive_timeout ne '0' && recorded();
	my $backup = session($node, 'postgres', 'postgres');
	my $start = $backup->query("SELECT pg_backup_start('quiet', true)");
	my ($redo) = $node->safe_psql('postgres', 'SELECT pg_walfile_name(redo_lsn) FROM pg_control_checkpoint()');
	foreach (1 .. 100)
	{
		last if $idle ? says_quiet($redo) : $node->safe_psql('crm', "SELECT '" . recorded() . "'::pg_lsn >= '$start'") eq 't';
		usleep(100_000);
	}
	is(recorded(), $idle, "archive_timeout = $archive_timeout: no position was renewed for the backup") if $idle;
	my $copy = PostgreSQL::Test::Cluster->new('restored' . ($archive_timeout eq '0' ? '' : '_timeout'));
	mkdir $copy->basedir;
	system('cp', '-a', $node->data_dir, $copy->data_dir) == 0 or die;
	my ($label) = $backup->query('SELECT labelfile FROM pg_backup_stop(true)') =~ /(.*)/s;
	$backup->quit;
	unlink map { $copy->data_dir . "/$_" } qw(postmaster.pid postmaster.opts standby.signal);
	system('rm', '-rf', glob($copy->data_dir . '/pg_replslot/*'));
	# As pg_basebackup: no WAL from before the checkpoint, and all that came until the end
	foreach my $file (glob $node->data_dir . '/pg_wal/*')
	{
		my ($name) = $file =~ /(\w+)$/;
		system('cp', '-a', $file, $copy->data_dir . '/pg_wal/') == 0 or die if $file =~ /\/\w{24}$/;
		unlink $copy->data_dir . "/pg_wal/$name" if $name =~ /^\w{24}$/ && substr($name, 8) lt substr($redo, 8);
	}
	append_to_file($copy->data_dir . '/backup_label', $label);
	$copy->append_conf('postgresql.conf', 'port = ' . $copy->port);
	$copy->append_conf('postgresql.conf', "primary_conninfo = ''");
	$copy->start;
	$copy->safe_psql('crm', 'SELECT contact_guard.sync()');
	is($copy->safe_psql('crm', "SELECT coalesce(string_agg(reason, ';'), '') FROM contact_guard.access_log WHERE event = 'gap'"), '',
		"archive_timeout = $archive_timeout: a restored backup of a quiet database has no gap");
	ok(log_is_whole($copy, 'crm'), '... and a whole log');
	as($copy, 'crm', 'anna', "SET application_name = 'restored'; SELECT phone FROM crm.customer WHERE id = 2");
	is(log_rows($copy, 'crm', "event = 'shown' AND application = 'restored'"), 1, '... and records');
	$copy->stop;
}

# On a server that is idle, positions are not renewed for ever
$node->append_conf('postgresql.conf', "archive_timeout = '1h'");
$node->reload;
$node->safe_psql('postgres', 'SELECT pg_switch_wal(); CHECKPOINT');
usleep(3_000_000);
my $then = recorded();
foreach (1 .. 3)
{
	$node->safe_psql('postgres', 'SELECT pg_switch_wal(); CHECKPOINT');
	usleep(2_500_000);
}
is(recorded(), $then, 'with archive_timeout, a checkpoint of an idle server moves no position');

# What it writes instead ends no segment, and makes no checkpoint
$node->append_conf('postgresql.conf', "archive_timeout = '1s'");
$node->reload;
my $file = "SELECT pg_walfile_name(pg_current_wal_insert_lsn()), redo_lsn FROM pg_control_checkpoint()";
usleep(3_000_000);
$node->safe_psql('postgres', 'SELECT pg_switch_wal(); CHECKPOINT');
my $redo = $node->safe_psql('postgres', 'SELECT pg_walfile_name(redo_lsn) FROM pg_control_checkpoint()');
foreach (1 .. 100) { last if says_quiet($redo); usleep(100_000) }
ok(says_quiet($redo), 'behind the checkpoint WAL says that nothing has happened');
# What was written before that may end one segment yet.
my $now;
foreach (1 .. 5)
{
	$then = $node->safe_psql('postgres', $file);
	usleep(4_000_000);
	$now = $node->safe_psql('postgres', $file);
	last if $now eq $then;
}
is($now, $then, '... which ends no segment');
$node->stop;
done_testing();
