# Standbys of other kinds than one that streams from the primary: one behind another one, one
# that takes no sessions (hot_standby = off), and an old primary that pg_rewind has turned into
# a standby.  Each is promoted while the recorder is far behind, and no record is lost.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my @conf = ('fsync = off', 'autovacuum = off', 'wal_keep_size = 0', 'checkpoint_timeout = 1h', 'max_wal_size = 1GB', 'min_wal_size = 32MB',
	'max_connections = 30', 'shared_buffers = 32MB', 'wal_log_hints = on');
my $primary = guard_node('first', { allows_streaming => 1 }, @conf);
make_roles($primary);
make_crm($primary, 'crm', 3000);

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

sub has_slot
{
	my ($node) = @_;
	return $node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_replication_slots WHERE slot_name = 'contact_guard' AND active");
}

# As many values as there are customers, which the recorder cannot store; then the WAL that
# they are in is old, and a checkpoint would remove it.
my $locker;
sub shown_but_not_stored
{
	my ($node, $name) = @_;
	$locker = lock_log($node, 'crm');
	my $shown = () = as($node, 'crm', 'dispatcher', "SET application_name = '$name'; SELECT phone FROM crm.customer") =~ /^06\d{8}$/mg;
	$node->safe_psql('crm', "CREATE TABLE IF NOT EXISTS ballast (t text); INSERT INTO ballast SELECT repeat('x', 500) FROM generate_series(1, 1000); SELECT pg_switch_wal(); CHECKPOINT") foreach 1 .. 3;
	return $shown;
}

sub on_record
{
	my ($node, $name) = @_;
	$node->safe_psql('crm', "SET statement_timeout = '120s'; SELECT contact_guard.sync()");
	return $node->safe_psql('crm', "SELECT count(*), count(DISTINCT customer) FROM contact_guard.access_log WHERE event = 'shown' AND application = '$name'");
}

sub lose
{
	my ($node) = @_;
	kill_server($node);
	$locker->{run}->kill_kill if $locker->{run};
	undef $locker;
	return;
}

sub gaps { return $_[0]->safe_psql('crm', "SELECT coalesce(string_agg(reason, '; '), '') FROM contact_guard.log WHERE event = 'gap'") }

# A cascade
my $middle = make_standby($primary, 'middle');
my $end = make_standby($middle, 'end');
ok(has_slot($_), $_->name . ' has a slot') foreach $middle, $end;
is(shown_but_not_stored($primary, 'cascade'), 3000, 'values are shown');
$primary->wait_for_catchup($middle, 'replay', $primary->lsn('insert'));
$middle->wait_for_catchup($end, 'replay', $primary->lsn('insert'));
$_->safe_psql('postgres', 'CHECKPOINT') foreach $middle, $end;
like($end->safe_psql('crm', 'SELECT recorder FROM contact_guard.status()'), qr/^standby: WAL is kept from /, 'the end of a cascade keeps WAL');
lose($primary);
$middle->stop('immediate');
$end->promote;
is(on_record($end, 'cascade'), '3000|3000', '... and has each record after its promotion');
is(gaps($end), '', '... and no gap');

# The old primary, by pg_rewind
sub rewind
{
	my ($node, $source) = @_;
	# Until 15 it takes the timeline of the source from the last checkpoint, and would find nothing to do.
	$source->safe_psql('postgres', 'CHECKPOINT');
	# It takes all files of the source, also those.
	my %kept = map { $_ => slurp_file($node->data_dir . "/$_") } qw(postgresql.conf postgresql.auto.conf pg_hba.conf);
	my $ok = IPC::Run::run([ $node->installed_command('pg_rewind'), '-D', $node->data_dir, '--source-server', $source->connstr('postgres'), '-N' ], '>&', \my $out);
	foreach my $name (keys %kept)
	{
		open my $file, '>', $node->data_dir . "/$name" or die $!;
		print $file $kept{$name};
		close $file;
	}
	return ($ok, $out);
}
slow_start($primary);
as($primary, 'crm', 'dispatcher', "SET application_name = 'alone'; SELECT phone FROM crm.customer WHERE id = 1");
is(on_record($primary, 'alone'), '1|1', 'the old primary comes back, and goes on alone');
kill_server($primary);
my ($ok, $out) = rewind($primary, $end);
ok($ok, 'pg_rewind, after a crash') or diag($out);
$primary->enable_streaming($end);
$primary->start;
ok(has_slot($primary), 'it has a slot again');
ok($primary->poll_query_until('crm', "SELECT recorder LIKE 'standby: WAL is kept from %' FROM contact_guard.status()"), '... and says so');
is($primary->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE application = 'alone'"), 0, 'what it had alone is gone');
is(shown_but_not_stored($end, 'rewound'), 3000, 'values are shown');
$end->wait_for_catchup($primary, 'replay', $end->lsn('insert'));
$primary->safe_psql('postgres', 'CHECKPOINT');
lose($end);
$primary->promote;
is(on_record($primary, 'rewound'), '3000|3000', '... and it has each record after its promotion');
is(gaps($primary), '', '... and no gap');
is($primary->safe_psql('crm', "SELECT count(*) FROM contact_guard.log WHERE event = 'failover'"), 2, '... and a record of each failover');

# No sessions on the standby: nothing keeps WAL but wal_keep_size
my $cold = make_standby($primary, 'cold', 'hot_standby = off', 'wal_keep_size = 512MB');
is(shown_but_not_stored($primary, 'cold'), 3000, 'values are shown');
my $until = $primary->lsn('insert');
ok($primary->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_replication WHERE application_name = 'cold' AND replay_lsn >= '$until'"), 'a standby without sessions has received it');
ok(!-e $cold->data_dir . '/pg_replslot/contact_guard', '... and has no slot');
# It stops with a restartpoint, which would remove that WAL.
$cold->restart;
lose($primary);
$cold->promote;
is(on_record($cold, 'cold'), '3000|3000', '... and has each record after its promotion');
is(gaps($cold), '', '... and no gap');
ok(has_slot($cold), '... and a slot');
is($cold->safe_psql('crm', "SELECT array_to_string(problems, '; ') FROM contact_guard.status()"), '', 'all is well');
$cold->stop;
done_testing();
