# A promoted server does not know what the old one has signed, whatever it has of its own: a
# copy of the state file, WAL that ends with a shutdown, or no checkpoint at all.  It gives the
# log a new name, so that no name is signed twice.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
my $origin = 'example.org/log/crm';
my $mark = '[0-9a-f]{8}';
my $vkey;

sub guard
{
	my $out = '';
	IPC::Run::run([ 'contact-guard', @_ ], '>&', \$out);
	return ($? >> 8, $out);
}

sub until_true { my ($test) = @_; foreach (1 .. 600) { return 1 if $test->(); usleep(100_000) } return 0 }

sub make_primary
{
	my ($name, @settings) = @_;
	mkdir "$dir/$name", 0700 or die;
	my ($code, $said) = guard('keygen', '--origin', 'example.org/log', '--out', "$dir/$name/log");
	is($code, 0, "$name: a key") or diag($said);
	($vkey) = $said =~ m{^(example\.org/log\+\S+)$}m;
	my $node = guard_node($name, { allows_streaming => 1 }, 'autovacuum = off', 'max_connections = 50', 'checkpoint_timeout = 1h',
		'contact_guard.checkpoint_interval = 1', @settings);
	make_roles($node);
	make_crm($node, 'crm', 2000);
	return $node;
}

sub signing { return "contact_guard.signing_key_file = '$dir/$_[0]/log'" }

# A standby with a folder of its own for state files
sub make_standby
{
	my ($node, $name) = @_;
	mkdir "$dir/$name", 0700 or die;
	# The backup has what stop_receiving() has set.
	$node->safe_psql('postgres', 'ALTER SYSTEM RESET primary_conninfo');
	$node->backup($name);
	my $standby = PostgreSQL::Test::Cluster->new($name);
	$standby->init_from_backup($node, $name, has_streaming => 1);
	$standby->append_conf('postgresql.conf', "contact_guard.state_directory = '$dir/$name'");
	$standby->start;
	$node->wait_for_catchup($standby);
	return $standby;
}

sub stop_receiving
{
	my ($standby) = @_;
	my $receiver = $standby->safe_psql('postgres', 'SELECT pid FROM pg_stat_wal_receiver');
	$standby->safe_psql('postgres', "ALTER SYSTEM SET primary_conninfo = ''");
	$standby->reload;
	wait_gone($receiver) if $receiver ne '';
	return;
}

# Reads, waits until all records are signed, and returns the checkpoint
my $last_read = 100;
sub signed
{
	my ($node) = @_;
	as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = ' . ++$last_read);
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my $size = $node->safe_psql('crm', 'SELECT log_size FROM contact_guard.status()');
	until_true(sub { $node->safe_psql('crm', "SELECT last_checkpoint >= $size FROM contact_guard.status()") eq 't' })
	  or diag($node->safe_psql('crm', 'SELECT * FROM contact_guard.status()'));
	return $node->safe_psql('crm', 'SELECT contact_guard.checkpoint()');
}

sub name { return ($_[0] =~ /^(.*)\n/)[0] }
sub size { return ($_[0] =~ /^.*\n(\d+)\n/)[0] }
sub newest_epoch { return $_[0]->safe_psql('crm', "SELECT reason FROM contact_guard.log WHERE event = 'epoch' ORDER BY seq DESC LIMIT 1") }
sub gaps { return $_[0]->safe_psql('crm', "SELECT coalesce(string_agg(reason, '; '), '') FROM contact_guard.log WHERE event = 'gap'") }

sub watched
{
	my ($what, $node, $state, $status, $like) = @_;
	my ($code, $said) = guard('witness', $node->connstr('crm') . ' user=postgres', '--state', "$dir/w-$state", '--vkey', $vkey);
	is($code, $status, "$what: the witness") or diag($said);
	like($said, $like, '... says so');
	return;
}

# The standby has all WAL, with the shutdown; the primary starts again without it, and signs on.
my $node = make_primary('restarted', signing('restarted'));
my $standby = make_standby($node, 'restarted_standby');
is(name(signed($node)), $origin, 'a log is signed');
$node->wait_for_catchup($standby);
$node->stop('fast');
$standby->safe_psql('postgres', "ALTER SYSTEM SET primary_conninfo = ''");
$standby->reload;
$node->start;
my $old;
$old = signed($node) foreach 1 .. 3;
is(name($old), $origin, 'the primary was stopped and started again, without its standby, and signs on');
watched('it', $node, 'restarted', 0, qr/the first that was seen/);
kill_server($node);
$standby->promote;
my $new = signed($standby);
like(name($new), qr{^$origin/2-$mark$}, 'the promoted standby has a new name, though it has the end of a timeline that ended with a shutdown');
like(newest_epoch($standby), qr{^new epoch $origin/2-$mark: it is not known what the server that failover seq \d+ left had signed last; the last checkpoint of the old one: $origin\n\d+\n}, '... whose record has the last note that is known');
like($standby->safe_psql('crm', "SELECT reason FROM contact_guard.log WHERE event = 'failover'"), qr/; that timeline had ended there with a shutdown, so nothing is missing unless its server was started once more/, '... and that of the failover says what it can');
watched('it', $standby, 'restarted', 1, qr/REFUSED: the log has a new name, and not all that was seen under the old one/);
$standby->stop;

# The standby has a copy of the state file that is older than what was signed last.
$node = make_primary('copied', signing('copied'));
$old = signed($node);
$standby = make_standby($node, 'copied_standby');
system('cp', (glob "$dir/copied/*.checkpoint"), "$dir/copied_standby/") == 0 or die;
stop_receiving($standby);
$old = signed($node) foreach 1 .. 3;
watched('the old primary', $node, 'copied', 0, qr/the first that was seen/);
kill_server($node);
$standby->promote;
$new = signed($standby) foreach 1 .. 4;
like(name($new), qr{^$origin/2-$mark$}, 'a copy of the state file keeps no name: it may be old');
cmp_ok(size($new), '>=', size($old), '... though the log is as long as the old one was');
watched('the promoted', $standby, 'copied', 1, qr/REFUSED: the log has a new name, and not all that was seen under the old one/);
$standby->stop;

# What the copy has, and the log does not, is lost.
$node = make_primary('newer', signing('newer'));
signed($node);
$standby = make_standby($node, 'newer_standby');
stop_receiving($standby);
$old = signed($node) foreach 1 .. 3;
kill_server($node);
system('cp', (glob "$dir/newer/*.checkpoint"), "$dir/newer_standby/") == 0 or die;
$standby->promote;
$new = signed($standby);
like(name($new), qr{^$origin/2-$mark$}, 'a copy that is newer than the log');
# (A backup of less than two seconds may have a gap of its own, operations.md says.)
like(gaps($standby), qr{(?:^|; )a checkpoint of @{[size($old)]} records was signed as $origin, and this log does not continue it}, '... says what is lost');
$standby->stop;

# The standby knows of no checkpoint at all, and the old primary has signed one.
$node = make_primary('first_one');
as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 1');
$node->safe_psql('crm', 'SELECT contact_guard.sync()');
$standby = make_standby($node, 'first_standby');
stop_receiving($standby);
$node->append_conf('postgresql.conf', signing('first_one'));
$node->reload;
$old = signed($node);
is(name($old), $origin, 'the first checkpoint comes when the standby has gone');
kill_server($node);
$standby->append_conf('postgresql.conf', signing('first_one'));
$standby->reload;
$standby->promote;
$new = signed($standby);
like(name($new), qr{^$origin/2-$mark$}, 'a server that knows of no checkpoint cannot know that there was none');
like(newest_epoch($standby), qr{had signed last; the last checkpoint of the old one: none$}, '... its record says so');

# Declared as shared, no file means that nothing was signed; and what is declared wrongly is seen if something shows it.
$node = $standby;
$standby = make_standby($node, 'misdeclared');
$standby->append_conf('postgresql.conf', 'contact_guard.state_directory_shared = on');
$standby->reload;
signed($node);
$node->wait_for_catchup($standby);
kill_server($node);
$standby->promote;
like(name(signed($standby)), qr{^$origin/3-$mark$}, 'a directory that is declared as shared, without the file of a checkpoint that the log has: a new name');
$standby->stop;
$node = make_primary('unsigned', 'contact_guard.state_directory_shared = on');
$standby = make_standby($node, 'unsigned_standby');
kill_server($node);
$standby->append_conf('postgresql.conf', signing('unsigned'));
$standby->reload;
$standby->promote;
is(name(signed($standby)), $origin, 'a shared directory without a file: nothing was signed, and the log has its first name');

# An epoch that somebody begins before the failover was judged
$standby->append_conf('postgresql.conf', "contact_guard.signing_key_file = ''");
$standby->reload;
$node = $standby;
$standby = make_standby($node, 'by_hand');
kill_server($node);
$standby->promote;
$standby->poll_query_until('crm', "SELECT count(*) = 2 FROM contact_guard.log WHERE event = 'failover'");
$standby->safe_psql('crm', "SELECT contact_guard.new_epoch('by hand')");
$standby->append_conf('postgresql.conf', signing('unsigned'));
$standby->reload;
like(name(signed($standby)), qr{^$origin/2-$mark$}, 'an epoch that is begun by hand right after a failover has a mark, too: the old server may begin one');
$standby->stop;
done_testing();
