# After a failover the log keeps its name, or takes a new one, without anybody who acts: a
# server never signs what contradicts a checkpoint that the old server has signed.  What was
# lost is said by the log, by verify and by the witness.

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
my $vkey;

sub guard
{
	my $out = '';
	IPC::Run::run([ 'contact-guard', @_ ], '>&', \$out);
	return ($? >> 8, $out);
}

sub until_true { my ($test) = @_; foreach (1 .. 600) { return 1 if $test->(); usleep(100_000) } return 0 }

mkdir "$dir/key", 0700 or die;
((my $code), my $said) = guard('keygen', '--origin', 'example.org/log', '--out', "$dir/key/log");
is($code, 0, 'a key') or diag($said);
($vkey) = $said =~ m{^(example\.org/log\+\S+)$}m;

my $node = guard_node('first', { allows_streaming => 1 }, 'autovacuum = off', 'max_connections = 50', 'checkpoint_timeout = 1h',
	"contact_guard.signing_key_file = '$dir/key/log'", 'contact_guard.checkpoint_interval = 1', 'contact_guard.state_directory_shared = on');
make_roles($node);
make_crm($node, 'crm', 2000);
my $standby;

# A standby, with the folder of all servers for state files or with one of its own
sub make_standby
{
	my ($name, $own_folder) = @_;
	$node->backup($name);
	$standby = PostgreSQL::Test::Cluster->new($name);
	$standby->init_from_backup($node, $name, has_streaming => 1);
	$own_folder ? own_folder($standby, $name) : common_folder($standby);
	$standby->start;
	return;
}

sub own_folder
{
	my ($server, $name) = @_;
	mkdir "$dir/$name", 0700;
	$server->append_conf('postgresql.conf', "contact_guard.state_directory = '$dir/$name'\ncontact_guard.state_directory_shared = off");
	return;
}

sub common_folder
{
	my ($server) = @_;
	$server->append_conf('postgresql.conf', "contact_guard.state_directory = '$dir/key'\ncontact_guard.state_directory_shared = on");
	return;
}

# Reads, and waits until all records are signed under this name
my $last_read = 100;
sub signed
{
	my ($origin) = @_;
	as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = ' . ++$last_read);
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my $size = $node->safe_psql('crm', 'SELECT log_size FROM contact_guard.status()');
	return until_true(sub { $node->safe_psql('crm', "SELECT contact_guard.checkpoint() LIKE '$origin' || E'\\n%' AND last_checkpoint >= $size FROM contact_guard.status()") eq 't' })
	  || diag($node->safe_psql('crm', 'SELECT contact_guard.checkpoint(), * FROM contact_guard.status()')) && 0;
}

sub catch_up { $node->wait_for_catchup($standby); return }

sub stop_receiving
{
	my $receiver = $standby->safe_psql('postgres', 'SELECT pid FROM pg_stat_wal_receiver');
	$standby->safe_psql('postgres', "ALTER SYSTEM SET primary_conninfo = ''");
	$standby->reload;
	wait_gone($receiver);
	return;
}

sub promote
{
	my ($planned) = @_;
	$planned ? $node->stop('fast') : kill_server($node);
	$standby->promote;
	$node = $standby;
	return;
}

sub epochs { return $node->safe_psql('crm', "SELECT count(*) FROM contact_guard.log WHERE event = 'epoch' AND reason LIKE 'new epoch %'") }
sub gaps { return $node->safe_psql('crm', "SELECT coalesce(string_agg(reason, '; '), '') FROM contact_guard.log WHERE event = 'gap'") }
sub problems { return $node->safe_psql('crm', "SELECT array_to_string(problems, '; ') FROM contact_guard.status()") }
sub newest_epoch { return $node->safe_psql('crm', "SELECT reason FROM contact_guard.log WHERE event = 'epoch' ORDER BY seq DESC LIMIT 1") }
sub witness { return guard('witness', $node->connstr('crm') . ' user=postgres', '--state', "$dir/" . ($_[0] // 'state'), '--vkey', $vkey) }
sub verify { return guard('verify', $node->connstr('crm') . ' user=postgres', '--vkey', $vkey, @_) }

sub watched
{
	my ($what, $status, $like, $state) = @_;
	my ($code, $said) = witness($state);
	is($code, $status, "$what: the witness") or diag($said);
	like($said, $like, '... says so');
	return;
}

my $origin = 'example.org/log/crm';
my $mark = '[0-9a-f]{8}';
ok(signed($origin), 'a log is signed');
watched('first', 0, qr/the first that was seen/);

# A planned switchover, with the folder that all servers have
make_standby('planned');
ok(signed($origin), 'the log goes on');
promote('planned');
ok(signed($origin), 'after a planned switchover the log keeps its name');
is(epochs(), 0, '... no new epoch');
is(gaps(), '', '... and no gap: the server did not run without the library');
like($node->safe_psql('crm', "SELECT reason FROM contact_guard.log WHERE event = 'failover'"), qr/; that timeline had ended there with a shutdown, so nothing is missing/, '... the record says that the old server was stopped');
watched('planned', 0, qr/consistent with those seen before\n/);
is(problems(), '', '... all is well');

# An unplanned one, in which nothing is lost
make_standby('killed');
ok(signed($origin), 'the log goes on');
catch_up();
promote();
ok(signed($origin), 'killed, with its last checkpoint at hand: the log keeps its name');
is(epochs(), 0, '... no new epoch');
watched('killed', 0, qr/consistent with those seen before\n/);
is(problems(), '', '... all is well');

# Nobody knows what was signed last
make_standby('unknown', 1);
ok(signed($origin), 'the log goes on');
catch_up();
promote();
ok(signed("$origin/2-%"), 'killed, and its last checkpoint is not at hand: the log has a new name at once');
is(epochs(), 1, '... one epoch');
like(newest_epoch(), qr{^new epoch $origin/2-$mark: it is not known what the server that failover seq \d+ left had signed last; the last checkpoint of the old one: $origin\n\d+\n}, '... whose record has the last note that is known');
is(gaps(), '', '... no gap');
is(problems(), '', '... all is well');
watched('unknown', 0, qr{^$origin/2-$mark: \d+ rows, consistent with those seen before as $origin: the log has a new name});
watched('unknown', 0, qr{^$origin/2-$mark: \d+ rows, consistent with those seen before\n});
($code, $said) = verify();
is($code, 0, '... verify') or diag($said);
like($said, qr/^since record seq \d+ the log has a new name: see its reason; the \d+ rows that it says were signed as \Q$origin\E are in this log$/m, '... says so');
kill_server($node);
slow_start($node);
ok(signed("$origin/2-%"), 'a crash');
is(epochs(), 1, '... makes no other epoch');

# A witness has seen more than the promoted server has
system('cp', (glob "$dir/unknown/*.checkpoint"), "$dir/key/") == 0 or die;
common_folder($node);
$node->reload;
ok(signed("$origin/2-%"), 'the log goes on');
make_standby('lossy');
catch_up();
my $kept = $node->safe_psql('crm', 'SELECT log_size FROM contact_guard.status()');
stop_receiving();
ok(signed("$origin/2-%"), 'signed, where the standby does not receive it') foreach 1 .. 3;
watched('before', 0, qr{^$origin/2-$mark: \d+ rows, consistent with those seen before\n});
my ($newest) = glob("$dir/key/contact_guard.example.org+log+crm+2-*.checkpoint");
my $last = slurp_file($newest);
my ($signed_size) = $last =~ /\n(\d+)\n/;
cmp_ok($signed_size, '>', $kept, '... and the witness has seen it');
system('cp', $newest, "$dir/held") == 0 or die;
promote();
ok(signed("$origin/3-%"), 'after a failover that lost signed records the log has a new name at once');
is(epochs(), 2, '... one more epoch');
like(newest_epoch(), qr{^new epoch $origin/3-$mark: failover seq \d+ has lost records that were signed; the last checkpoint of the old one: \Q$last\E?}, '... whose record has the note that the witness has');
# (A backup of less than two seconds may have a gap of its own.)
like(gaps(), qr{(?:^|; )a checkpoint of $signed_size records was signed as $origin/2-$mark, and this log does not continue it}, '... a gap says that records are lost');
like(problems(), qr/gap/, '... which is a problem until somebody acknowledges it');
unlike(problems(), qr/fork|no checkpoint/, '... and signing goes on');
watched('lost', 1, qr{REFUSED: the log has a new name, and not all that was seen under the old one: .*: $signed_size rows held});
watched('a new state', 0, qr/the first that was seen/, 'state3');
($code, $said) = verify();
is($code, 0, '... verify finds the log whole') or diag($said);
like($said, qr/^since record seq \d+ .*; NOT ALL of the $signed_size rows that were signed as \Q$origin\E\/2-$mark are in this log/m, '... and says that rows are lost');
($code, $said) = verify('--checkpoint', "$dir/held");
is($code, 1, '... with the note that was held it is evidence') or diag($said);
$node->safe_psql('crm', "SELECT contact_guard.acknowledge_gaps('a failover')");
is(problems(), '', '... acknowledged');

ok(signed("$origin/3-%"), 'the log goes on');

# Somebody changes the log, and makes a timeline to explain it.
sub tampered
{
	my ($sql) = @_;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->restart;
	$node->safe_psql('crm', $sql);
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->stop;
	$node->set_standby_mode;
	$node->start;
	$node->promote;
	return;
}
tampered(q(UPDATE contact_guard.tile_edge SET hashes = overlay(hashes PLACING '\x00112233' FROM 1) WHERE level = 0));
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
ok(until_true(sub { problems() =~ /no checkpoint is signed: the access log does not contain its own signed checkpoint of size \d+/ }), 'a changed tree, and a new timeline: nothing is signed')
  or diag(problems());
is(epochs(), 2, '... and no epoch is begun');
tampered(q(DELETE FROM contact_guard.signed_checkpoint));
ok(until_true(sub { epochs() == 3 }), 'without its own checkpoints, too: the log has a new name') or diag(problems());
like(gaps(), qr{a checkpoint of \d+ records was signed as $origin/3-$mark, and this log does not continue it}, '... a gap says so');
ok(signed("$origin/4-%"), '... signed');
watched('tampered', 1, qr{REFUSED: the log has a new name, and not all that was seen}, 'state3');
($code, $said) = verify();
is($code, 1, '... verify finds it') or diag($said);
$node->stop;
done_testing();
