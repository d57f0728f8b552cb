# WAL that cannot be written: nothing guarded leaves, and afterwards all is well.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use File::Copy ();
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Wire;

plan skip_all => 'no small filesystem: test/run mounts one when it is root' if !$ENV{CG_SMALL_WAL};

# Small segments: the less WAL there is to store afterwards, the less depends on when old
# segments are removed meanwhile.
my $node = guard_node('disk', { extra => ['--wal-segsize=1'] }, 'max_wal_senders = 0', 'restart_after_crash = on', 'max_wal_size = 32MB', 'min_wal_size = 32MB', 'wal_recycle = off', 'wal_init_zero = on', 'max_connections = 20', 'contact_guard.min_free_space = 0');
make_roles($node);
make_crm($node, 'crm', 1000);
log_rows($node, 'crm', 'true');
$node->stop;
my ($wal, $small) = ($node->data_dir . '/pg_wal', "$ENV{CG_SMALL_WAL}/wal");
system('cp', '-r', $wal, $small) == 0 or die;
system('mv', $wal, "$wal.old") == 0 or die;
symlink $small, $wal or die;
$node->start;

# Without min_free_space the disk gets full.
my @readers = map { Wire->new($node, 'crm', 'anna', application_name => "reader $_") } 1 .. 2;
my %noted;
# The WAL fills up; the slot, behind a record that waits, keeps it.
my $locker = lock_log($node, 'crm');
# A segment that is not full
$node->safe_psql('postgres', 'SELECT pg_switch_wal(); CREATE TABLE more ()');
system("dd if=/dev/zero of=$ENV{CG_SMALL_WAL}/ballast bs=1M >/dev/null 2>&1; dd if=/dev/zero of=$ENV{CG_SMALL_WAL}/more bs=1k >/dev/null 2>&1");
my ($tries, @left) = (0, @readers);
while (@left && $tries++ < 200_000)
{
	foreach my $reader (@left)
	{
		my $customer = 1 + $tries % 20;
		my @messages = $reader->query("SELECT phone, '" . 'x' x 200 . "' FROM crm.customer WHERE id BETWEEN $customer AND 20");
		my @rows = Wire::rows(@messages);
		$noted{ $reader->{socket} }++ if @rows;
		$reader->{statements} += @rows ? 1 : 0;
		$reader->{failed} = Wire::states(@messages) || 'the end of the connection' if !@rows || $reader->ended;
	}
	@left = grep { !$_->{failed} } @left;
}
is(scalar(grep { !$_->{failed} } @readers), 0, 'a reader gets an error, or the end of the connection, when WAL cannot be written')
  or diag($tries);
diag("WAL full after $tries rounds: ", join ', ', map { $_->{failed} // 'nothing' } @readers);
like(slurp_file($node->logfile), qr/No space left on device/, '... since there is no space');
eval { $locker->quit };
unlink "$ENV{CG_SMALL_WAL}/ballast", "$ENV{CG_SMALL_WAL}/more";
kill_server($node) if -e $node->data_dir . '/postmaster.pid';
unlink $node->data_dir . '/postmaster.pid';
$node->{_pid} = undef;
slow_start($node);
$node->safe_psql('crm', 'SELECT contact_guard.sync()');
foreach my $i (1 .. 2)
{
	cmp_ok($readers[ $i - 1 ]{statements}, '>', 0, "reader $i had values");
	is($node->safe_psql('crm', "SELECT count(DISTINCT statement) >= $readers[$i - 1]{statements} AND count(*) = count(DISTINCT (statement, customer))
		FROM contact_guard.access_log WHERE application = 'reader $i' AND event = 'shown'"), 't', '... and what he had is on record, once');
}
is(as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 2'), phone_of(2), 'with space again, values are shown');
# A server that starts anew by itself, and is killed before it can say so, counts as one without the library.
my $silent = log_rows($node, 'crm', "event = 'gap' AND reason ~ '^the server ran without contact_guard'");
cmp_ok($silent, '<=', 1, '... without a gap, unless of a start that could not be recorded');
ok(log_is_whole($node, 'crm', $silent), '... and the log is whole');
$node->safe_psql('crm', "SELECT contact_guard.acknowledge_gaps('no space for the record of a start')") if $silent;

# Guarded reads end before the disk is full, and nothing else does.
sub status { return $node->safe_psql('crm', "SELECT $_[0] FROM contact_guard.status()") }
sub until_true { my ($test) = @_; foreach (1 .. 600) { return 1 if $test->(); usleep(100_000) } return 0 }

# Leaves so many MB free.  The server may write some more before it is asked.
sub leave
{
	my ($left) = @_;
	my ($free) = qx(df --output=avail -B1M "$ENV{CG_SMALL_WAL}") =~ /(\d+)\s*$/;
	system("dd if=/dev/zero of=$ENV{CG_SMALL_WAL}/ballast$left bs=1M count=@{[ $free - $left ]} >/dev/null 2>&1");
	usleep(1_100_000);
	return;
}

$node->append_conf('postgresql.conf', 'contact_guard.min_free_space = 40MB');
$node->reload;
$node->safe_psql('crm', 'SELECT contact_guard.sync(); SELECT pg_switch_wal(); CHECKPOINT');
ok(until_true(sub { (as($node, 'crm', 'anna', "SET application_name = 'space'; SELECT phone FROM crm.customer WHERE id = 3"))[0] eq phone_of(3) }), 'a disk with space: values are shown');
my $offset = -s $node->logfile;
$node->safe_psql('crm', 'INSERT INTO crm.plain VALUES (10000, 1)');
leave(30);
my ($out, $err) = as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 2');
is(state_of($err), '53100', 'less space than min_free_space: a guarded read is refused');
like($err, qr/has (?:2\d|3[01]) MB left, and contact_guard\.min_free_space is 40 MB.*HINT:  Make room/s, '... and says what to do');
is(as($node, 'crm', 'anna', 'SELECT word FROM crm.plain WHERE id = 3'), 'word 3', '... other reads go on');
$node->safe_psql('crm', "INSERT INTO crm.plain VALUES (10001, 'x'); CREATE ROLE somebody; CREATE TABLE made AS SELECT 1");
is(log_rows($node, 'crm', "event = 'shown' AND application = 'space'"), 1, '... so do writes, and the recorder');
like(status("problems[1]"), qr/^guarded columns cannot be read: the file system of pg_wal has (?:2\d|3[01]) MB left, less than contact_guard.min_free_space \(40 MB\)$/, '... status() says so');
like(status('recorder'), qr/^(running|idle)$/, '... and that the recorder runs');
leave(3);
$node->safe_psql('crm', 'CREATE ROLE somebody_else IN ROLE dispatcher');
ok(until_true(sub { status('recorder') =~ /^paused/ }), 'hardly any space: the recorder pauses');
like(status('problems[1]'), qr/the recorder has paused, too/, '... which status() says');
is($node->safe_psql('crm', 'SELECT count(*) FROM crm.plain'), 1002, '... and the server goes on');
unlink glob "$ENV{CG_SMALL_WAL}/ballast*";
ok(until_true(sub { status('recorder') =~ /^(running|idle)/ }), 'with space again the recorder goes on');
ok(until_true(sub { (as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 2'))[0] eq phone_of(2) }), '... and values are shown');
is(log_rows($node, 'crm', "event = 'policy' AND reason ~ 'somebody_else'"), 1, '... what waited is recorded');
is(status('problems'), '{}', '... all is well');
unlike(slurp_file($node->logfile, $offset), qr/PANIC|No space left/, '... and the disk was never full');

$node->stop;
done_testing();
