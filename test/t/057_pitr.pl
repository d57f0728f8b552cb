# Point-in-time recovery, pg_resetwal, and slots that are lost: the log goes on, and
# what is missing is said.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = guard_node('original', { allows_streaming => 1, has_archiving => 1 }, 'max_connections = 50',
	'checkpoint_timeout = 1h', 'min_wal_size = 32MB');
make_roles($node);
make_crm($node, 'crm', 100);
$node->backup('base');

sub read_as { my ($server, $name, $customer) = @_; return as($server, 'crm', 'anna', "SET application_name = '$name'; SELECT phone FROM crm.customer WHERE id = $customer") }
sub shown { my ($server, $name) = @_; return log_rows($server, 'crm', "event = 'shown' AND application = '$name'") =~ s/^\n//r }
sub gaps { return $_[0]->safe_psql('crm', "SELECT coalesce(string_agg(reason, '; ' ORDER BY seq), '') FROM contact_guard.access_log WHERE event = 'gap'") }

# seq without holes; unlike log_is_whole, with gap records if there are any
sub counts_on { return $_[0]->safe_psql('crm', 'SELECT count(*) = max(seq) + 1 AND min(seq) = 0 AND count(DISTINCT seq) = count(*) FROM contact_guard.access_log') eq 't' }

sub recorders_fail
{
	my ($server) = @_;
	return scalar(() = slurp_file($server->logfile) =~ /(?:PANIC|FATAL|ERROR): (?! *terminating).*(?:WAL|recorder|journal)/g);
}

# Recovered to a point: after "before", with "waiting" in WAL and not in the log
read_as($node, 'before', 1);
is(shown($node, 'before'), 1, 'a record that is stored');
my $locker = lock_log($node, 'crm');
read_as($node, 'waiting', 2);
my $target = $node->safe_psql('postgres', 'SELECT pg_create_restore_point(\'here\')');
read_as($node, 'later', 3);
$locker->query('COMMIT');
$locker->quit;
is(shown($node, $_), 1, "the original has what was read $_") foreach qw(waiting later);
$node->safe_psql('postgres', 'SELECT pg_switch_wal()');
$node->poll_query_until('postgres', "SELECT last_archived_wal >= pg_walfile_name('$target') FROM pg_stat_archiver") or die;

foreach my $action (qw(promote pause))
{
	my $copy = PostgreSQL::Test::Cluster->new("recovered_$action");
	$copy->init_from_backup($node, 'base', has_restoring => 1, standby => 0);
	$copy->append_conf('postgresql.conf', "recovery_target_name = 'here'\nrecovery_target_action = $action\narchive_mode = off");
	$copy->start;
	if ($action eq 'pause')
	{
		$copy->poll_query_until('postgres', "SELECT pg_get_wal_replay_pause_state() = 'paused'") or die 'no pause';
		my ($out, $err) = as($copy, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 5');
		is($out, '', 'while recovery pauses, no value is shown');
		like($err, qr/withheld on a standby/, '... which the reader is told');
		is($copy->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE application = 'before'"), 1, '... and the log can be read');
		$copy->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
	}
	$copy->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'recovery does not end';
	is(read_as($copy, 'recovered', 4), phone_of(4), "$action: the recovered server shows");
	is(shown($copy, 'recovered'), 1, '... and records');
	is(shown($copy, 'before'), 1, '... has what was stored');
	is(shown($copy, 'waiting'), 1, '... and what waited');
	is(shown($copy, 'later'), 0, '... and nothing from after its target');
	is(gaps($copy), '', '... no gap');
	ok(log_is_whole($copy, 'crm'), '... and a whole log');
	$copy->restart;
	is(read_as($copy, 'again', 4), phone_of(4), '... after a restart, too');
	is(shown($copy, 'again'), 1, '... with a record');
	is($copy->safe_psql('crm', 'SELECT rejected_messages FROM contact_guard.status()'), 0, '... nothing was rejected');
	is(recorders_fail($copy), 0, '... and no recorder failed');
	$copy->stop;
}
is(read_as($node, 'original', 5), phone_of(5), 'the original goes on');
ok(log_is_whole($node, 'crm'), '... whole');

# pg_resetwal, after a stop and after a kill
foreach my $how (qw(stop kill))
{
	# What is on disk belongs together: pg_resetwal after less is good for a dump at best.
	$node->safe_psql('postgres', 'CHECKPOINT');
	$how eq 'stop' ? $node->stop : kill_server($node);
	unlink $node->data_dir . '/postmaster.pid';
	command_ok([ 'pg_resetwal', '-f', '-D', $node->data_dir ], "pg_resetwal after a $how");
	slow_start($node);
	is(read_as($node, "reset $how", 6), phone_of(6), '... the server shows');
	is(shown($node, "reset $how"), 1, '... and records');
	is(recorders_fail($node), 0, '... and no recorder failed') if $how eq 'stop';
	like(gaps($node), qr/WAL from \S+ to \S+ is missing/, '... the log says that WAL is missing');
	ok(counts_on($node), '... and counts on');
	is(shown($node, 'original'), 1, '... with what was there');
}

# A slot that somebody drops by hand, with its launcher away.  The WAL is there.
sub without_launcher
{
	my ($sql) = @_;
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE backend_type = 'contact_guard launcher'; $sql");
	return;
}

sub launcher_is_back
{
	foreach (1 .. 80)
	{
		return 1 if $node->safe_psql('postgres', "SELECT active FROM pg_replication_slots WHERE slot_name = 'contact_guard'") eq 't';
		usleep(100_000);
	}
	return 0;
}

# The launcher is there before any reader
$node->restart;
launcher_is_back();
my $gaps = gaps($node);
$locker = lock_log($node, 'crm');
read_as($node, 'slot dropped', 7);
without_launcher("SELECT pg_drop_replication_slot('contact_guard')");
read_as($node, 'no slot', 8);
ok(launcher_is_back(), 'a slot that was dropped is made again');
$node->stop('immediate');
eval { $locker->quit };
$node->start;
is(shown($node, $_), 1, "... what was read before and meanwhile is on record ($_)") foreach 'slot dropped', 'no slot';
is(gaps($node), $gaps, '... without a gap, since its WAL was there');

# The same with WAL that goes
sub lose_wal
{
	my ($file) = @_;
	# A launcher that is back at once may keep it: then once more.
	foreach (1 .. 20)
	{
		without_launcher("SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'contact_guard'");
		$node->safe_psql('postgres', 'SELECT pg_switch_wal(); CREATE TABLE x(); DROP TABLE x; SELECT pg_switch_wal(); CHECKPOINT') foreach 1 .. 3;
		return if !-e $node->data_dir . "/pg_wal/$file";
	}
	die "$file is still there";
}

$node->append_conf('postgresql.conf', "archive_mode = off\nmax_wal_size = 32MB");
$node->restart;
launcher_is_back();
$locker = lock_log($node, 'crm');
read_as($node, 'wal lost', 9);
my $lost = $node->safe_psql('postgres', 'SELECT pg_walfile_name(pg_current_wal_lsn())');
my $offset = -s $node->logfile;
lose_wal($lost);
ok(launcher_is_back(), 'a slot that was dropped, with its WAL');
$node->stop('immediate');
eval { $locker->quit };
$node->start;
read_as($node, 'after wal lost', 10);
is(shown($node, 'after wal lost'), 1, '... reads are recorded');
like(gaps($node), qr/\Q$gaps\E; WAL from \S+ to \S+ is missing/, '... and the log says which WAL is missing') or diag(gaps($node));
like(slurp_file($node->logfile, $offset), qr/WARNING: .*has recorded a gap in its access log as seq \d+: WAL from \S+ to \S+ is missing/, '... the server log, too');
ok(counts_on($node), '... the log counts on');

# Lost, and restarted before anybody has read
$gaps = gaps($node);
$locker = lock_log($node, 'crm');
read_as($node, 'wal lost twice', 11);
$node->stop('immediate');
eval { $locker->quit };
$node->append_conf('postgresql.conf', 'shared_preload_libraries = \'\'');
$node->start;
$node->safe_psql('postgres', "SELECT pg_drop_replication_slot('contact_guard')");
$node->safe_psql('postgres', 'SELECT pg_switch_wal(); CREATE TABLE x(); DROP TABLE x; SELECT pg_switch_wal(); CHECKPOINT') foreach 1 .. 3;
$node->append_conf('postgresql.conf', 'shared_preload_libraries = contact_guard');
$node->restart;
make_crm($node, 'second', 10);
log_rows($node, 'second', 'true');
$node->restart;
read_as($node, 'after the second loss', 12);
is(shown($node, 'after the second loss'), 1, 'a slot lost while the library was not loaded, made for another database, and a restart: reads are recorded');
isnt(gaps($node), $gaps, '... and the log says that WAL is missing');
my $failed = recorders_fail($node);
is(shown($node, 'wal lost twice'), 0, '... of the record that was lost');
ok(counts_on($node), '... the log counts on');

# The journal's state, with which pg_resetwal may begin; here by hand, in a server without the library
$node->append_conf('postgresql.conf', 'shared_preload_libraries = \'\'');
$node->restart;
$node->safe_psql('crm', 'DELETE FROM contact_guard.journal_state');
$node->append_conf('postgresql.conf', 'shared_preload_libraries = contact_guard');
$node->restart;
is(read_as($node, 'state lost', 13), phone_of(13), 'without journal_state: values are shown');
is(shown($node, 'state lost'), 1, '... and recorded');
is($node->safe_psql('crm', "SELECT string_agg(event, ' ' ORDER BY seq) FROM contact_guard.access_log
	WHERE seq >= (SELECT max(seq) FROM contact_guard.access_log WHERE event = 'gap') AND event IN ('gap', 'epoch')"),
	'gap epoch', '... in a journal that begins anew, with a gap record');
ok(counts_on($node), '... the log counts on');
is(recorders_fail($node), $failed, '... no recorder failed');

# WAL that cannot be read is not the end of WAL: the recorder waits, and passes nothing.
$locker = lock_log($node, 'crm');
my $position = $node->safe_psql('crm', 'SELECT recorded_lsn FROM contact_guard.status()');
read_as($node, 'unreadable', 14);
$node->stop('immediate');
eval { $locker->quit };
$node->append_conf('postgresql.conf', 'shared_preload_libraries = \'\'');
$node->start;
$node->safe_psql('postgres', "CREATE TABLE filler AS SELECT repeat('x', 1000) FROM generate_series(1, 4000)");
my ($file, $place) = split /\|/, $node->safe_psql('postgres', "SELECT pg_walfile_name('$position'), ('$position'::pg_lsn - '0/0')::numeric % 16777216");
$node->stop;
sub overwrite
{
	my ($bytes) = @_;
	open my $fh, '+<:raw', $node->data_dir . "/pg_wal/$file" or die $!;
	seek $fh, $place - $place % 8192, 0;
	read $fh, my $before, length $bytes;
	seek $fh, $place - $place % 8192, 0;
	print $fh $bytes;
	close $fh;
	return $before;
}
my $good = overwrite("\0\0");
$node->append_conf('postgresql.conf', 'shared_preload_libraries = contact_guard');
$node->start;
$node->poll_query_until('crm', "SELECT array_to_string(problems, '; ') ~ 'could not read WAL' FROM contact_guard.status()") or die 'no problem';
like($node->safe_psql('crm', "SELECT array_to_string(problems, '; ') FROM contact_guard.status()"), qr/the recorder failed while .*: could not read WAL at \S+: invalid magic number/, 'WAL that cannot be read: status() says so');
$gaps = gaps($node);
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE application = 'unreadable'"), 0, '... nothing is recorded');
overwrite($good);
is(shown($node, 'unreadable'), 1, '... when it can be read again, its record is there');
unlike(gaps($node) =~ s/^\Q$gaps\E//r, qr/WAL from \S+ to \S+ is missing/, '... without a gap of WAL');
$node->stop;
done_testing();
