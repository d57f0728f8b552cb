# Promotion at any moment.  A standby keeps a slot of its own, at the position that the
# replayed log has stored.  So a promoted server misses no record, though its recorder was
# far behind, and though a restartpoint was removing WAL at that moment.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

# Nothing but the slot keeps WAL here.
my @conf = ('fsync = off', 'autovacuum = off', 'wal_keep_size = 0', 'checkpoint_timeout = 1h', 'log_checkpoints = on',
	'max_wal_size = 1GB', 'min_wal_size = 32MB', 'max_connections = 50', 'shared_buffers = 32MB', 'bgwriter_lru_maxpages = 0');
my $primary = guard_node('first', { allows_streaming => 1 }, @conf);
make_roles($primary);
make_crm($primary, 'crm', 30000);
$primary->safe_psql('postgres', 'CREATE DATABASE plain');

sub make_standby
{
	my ($node, $name, @more) = @_;
	$node->backup($name);
	my $standby = PostgreSQL::Test::Cluster->new($name);
	$standby->init_from_backup($node, $name, has_streaming => 1);
	$standby->append_conf('postgresql.conf', join "\n", @more) if @more;
	$standby->start;
	return $standby;
}

sub slot_of
{
	my ($node, $what) = @_;
	return $node->safe_psql('postgres', "SELECT $what FROM pg_replication_slots WHERE slot_name = 'contact_guard'");
}

sub has_slot
{
	my ($node) = @_;
	return $node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_replication_slots WHERE slot_name = 'contact_guard' AND active");
}

# 30,000 values shown a time, in a database whose recorder cannot store anything
sub read_all
{
	my ($node, $name) = @_;
	return scalar(() = as($node, 'crm', 'dispatcher', "SET application_name = '$name'; SELECT phone FROM crm.customer") =~ /^06\d{8}$/mg);
}

sub on_record
{
	my ($node, $name) = @_;
	$node->safe_psql('crm', "SET statement_timeout = '120s'; SELECT contact_guard.sync()");
	return $node->safe_psql('crm', "SELECT count(*), count(DISTINCT customer) FROM contact_guard.access_log
		WHERE event = 'shown' AND application = '$name'");
}

sub ballast
{
	my ($node, $times) = @_;
	$node->safe_psql('postgres', "CREATE TABLE IF NOT EXISTS ballast (i int, t text);
		INSERT INTO ballast SELECT i, repeat('x', 500) FROM generate_series(1, 20000) i; SELECT pg_switch_wal()") foreach 1 .. $times;
	return;
}

sub pid_of
{
	my ($node, $type) = @_;
	return $node->safe_psql('postgres', "SELECT pid FROM pg_stat_activity WHERE backend_type = '$type'");
}

my $standby = make_standby($primary, 'second');
ok(has_slot($standby), 'a standby has a slot of its own');
like($standby->safe_psql('crm', 'SELECT recorder FROM contact_guard.status()'), qr/^standby: WAL is kept from \w+\/\w+$/, '... and status() says from where WAL is kept');

# Staged moments: the checkpointer of the standby is stopped where MOMENT says, and goes on
# when the server is promoted.
my $round = 0;
foreach my $moment ('before a restartpoint', 'when a restartpoint is starting', 'in the middle of a restartpoint',
	'after a restartpoint', 'after two restartpoints')
{
	$round++;
	my $name = "round$round";
	my $locker = lock_log($primary, 'crm');
	is(read_all($primary, $name), 30000, "$moment: 30,000 values are shown");
	ballast($primary, 3);
	$primary->safe_psql('postgres', 'CHECKPOINT');
	ballast($primary, 1);
	$primary->wait_for_catchup($standby);
	my $checkpointer = pid_of($standby, 'checkpointer');
	my $offset = -s $standby->logfile;
	my $restartpoint;
	if ($moment =~ /when|in the middle/)
	{
		# The checkpointer logs that it is starting, and has then many buffers to write.  It
		# takes a pause after each of them, since this is no hurry.
		kill 'STOP', $checkpointer;
		$restartpoint = session($standby, 'postgres', 'postgres');
		$restartpoint->query_until(qr/^/, "SELECT pg_backup_start('slow', false);\n");
		usleep(100_000);
		kill 'CONT', $checkpointer;
		foreach (1 .. 100_000)
		{
			last if slurp_file($standby->logfile, $offset) =~ /restartpoint starting/;
		}
		usleep(300_000) if $moment =~ /middle/;
		kill 'STOP', $checkpointer;
		like(slurp_file($standby->logfile, $offset), qr/restartpoint starting/, '... the restartpoint is starting');
		unlike(slurp_file($standby->logfile, $offset), qr/restartpoint complete/, '... and is not complete');
	}
	elsif ($moment =~ /after/)
	{
		$standby->safe_psql('postgres', 'CHECKPOINT');
		if ($moment =~ /two/)
		{
			ballast($primary, 2);
			$primary->safe_psql('postgres', 'CHECKPOINT');
			$primary->wait_for_catchup($standby);
			$standby->safe_psql('postgres', 'CHECKPOINT');
		}
	}
	kill_server($primary);
	eval { $locker->quit };
	# Not awaited: the stopped checkpointer may have a lock that the promotion needs.
	system_or_bail('pg_ctl', '-D', $standby->data_dir, '-W', 'promote');
	if ($restartpoint)
	{
		usleep(300_000);
		kill 'CONT', $checkpointer;
	}
	$standby->poll_query_until('postgres', 'SELECT NOT pg_is_in_recovery()') or die 'not promoted';
	if ($restartpoint)
	{
		# ... and to its end at once
		$standby->safe_psql('postgres', 'CHECKPOINT');
		eval { $restartpoint->quit };
	}
	is(on_record($standby, $name), '30000|30000', '... after the promotion, all of them are on record');
	is($standby->safe_psql('crm', "SELECT coalesce(string_agg(reason, ';'), '') FROM contact_guard.access_log WHERE event = 'gap'"), '', '... without a gap');
	unlike(slurp_file($standby->logfile), qr/has lost its WAL/, '... and the slot had its WAL');
	$primary = $standby;
	last if $moment =~ /two/;
	$standby = make_standby($primary, "standby$round");
	has_slot($standby) or die 'no slot';
}

# The slot moves with what is replayed, and nobody needs WAL for ever
$standby = make_standby($primary, 'follower');
ok(has_slot($standby), 'another standby');
sub slot_follows
{
	my ($node, $what) = @_;
	my $kept;
	ballast($primary, 15);
	# A round is due five seconds after the last one, if WAL was replayed meanwhile, and the
	# slot follows at a distance of two rounds.
	foreach (1 .. 30)
	{
		ballast($primary, 1);
		$primary->wait_for_catchup($node);
		$kept = slot_of($node, 'pg_last_wal_replay_lsn() - restart_lsn');
		return pass($what) if $kept < 120_000_000;
		usleep(2_500_000);
	}
	return is($kept, 'less', $what);
}
slot_follows($standby, 'its slot follows');
is(slot_of($standby, "restart_lsn <= pg_last_wal_replay_lsn()"), "t", "... and does not pass what is replayed");

# Switchover: the old primary's slot goes on, too
{
	my $old = $primary;
	$primary->wait_for_catchup($standby);
	$old->stop;
	$standby->promote;
	$primary = $standby;
	$primary->safe_psql('postgres', "SELECT pg_create_physical_replication_slot('hold')");
	$old->enable_streaming($primary);
	$old->set_standby_mode;
	$old->start;
	ok(has_slot($old), 'after a switchover the old primary has its slot');
	slot_follows($old, '... which moves on');
	$old->stop;
}

# Without a journal no slot is needed
{
	my $poor = guard_node('poor', { allows_streaming => 1 }, @conf);
	my $second = make_standby($poor, 'poor_second');
	ok($second->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_replication_slots"), 'the standby of a server without a journal has no slot');
	usleep(1_500_000);
	is($second->safe_psql('postgres', 'SELECT count(*) FROM pg_replication_slots'), 0, '... and gets none');
	$second->promote;
	make_roles($second);
	make_crm($second, 'crm', 10);
	is(as($second, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 3'), phone_of(3), '... promoted, it begins a journal');
	is(log_rows($second, 'crm', "event = 'shown'"), 1, '... that is recorded');
	$_->stop foreach $second, $poor;
}
$primary->stop;
done_testing();
