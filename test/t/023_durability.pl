# durability = shown, the default: what was withheld is in WAL before its answer leaves,
# and does not wait for the disk or for a standby; what was shown does, and takes all
# that was withheld before along.  A session flushes by itself what is much, and at its
# end.  strict flushes all.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

# The WAL writer comes every ten seconds: within a test's step hardly ever.
my $node = guard_node('durability', { allows_streaming => 1 }, 'fsync = on', 'wal_writer_delay = 10s', 'autovacuum = off');
make_roles($node);
make_crm($node, 'crm', 1000);
my $admin = session($node, 'crm', 'postgres');
my $locker = lock_log($node, 'crm');	# or the recorder's own writing is in the way
my $withheld = 'SELECT phone FROM crm.customer WHERE id = ';

# Bytes of the journal that are not flushed, 0: none
sub unflushed
{
	return $admin->query('SELECT greatest(journal_lsn - pg_current_wal_flush_lsn(), 0) FROM contact_guard.status()');
}

# Is it so once in ten times?  The WAL writer may come in between.
sub comes_about
{
	my ($what) = @_;
	foreach (1 .. 10)
	{
		return 1 if $what->();
	}
	return 0;
}

is($admin->query('SHOW contact_guard.durability'), 'shown', 'shown is the default');
my $anna = session($node, 'crm', 'anna');
is($anna->query("${withheld}500"), mask_of(500), 'a mask');
ok(comes_about(sub { $anna->query("${withheld}501"); unflushed() > 0 }), 'it does not wait for the flush');
is($anna->query("${withheld}1"), phone_of(1), 'a value');
is(unflushed(), 0, 'its record is flushed, and all before it');
ok(comes_about(sub { $anna->query("${withheld}502"); unflushed() > 0 }), 'a mask again');
like(($anna->query("SELECT phone FROM crm.customer WHERE id IN (2, 503)") // '') =~ s/\n/ /r, qr/@{[ phone_of(2) ]}/, 'a value beside a mask');
is(unflushed(), 0, 'is flushed');

# Results that do not pass the door
ok(comes_about(sub { $anna->query("DO 'BEGIN PERFORM phone FROM crm.customer WHERE id = 504; END'"); unflushed() > 0 }),
	'a mask for a procedural language does not wait');
$anna->query("DO 'BEGIN PERFORM phone FROM crm.customer WHERE id = 3; END'");
is(unflushed(), 0, 'a value does');
ok(comes_about(sub { $anna->query("BEGIN; ${withheld}505; COMMIT"); unflushed() > 0 }), 'nor does a commit behind a mask wait');

# 64 kB of one session at most, in whatever statements
my $longest = 0;
foreach (1 .. 20)
{
	$anna->query("DO 'BEGIN FOR i IN 1 .. 100 LOOP PERFORM phone FROM crm.customer WHERE id = 500 + i; END LOOP; END'");
	my $now = unflushed();
	$longest = $now if $now > $longest;
}
cmp_ok($longest, '<', 100 * 1024, 'a session that withholds much flushes by itself');

# The end of a session
ok(comes_about(sub { $anna->query("${withheld}506"); unflushed() > 0 }), 'a mask');
my $pid = $anna->query('SELECT pg_backend_pid()');
$anna->quit;
$node->poll_query_until('crm', "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = $pid)");
is(unflushed(), 0, 'is flushed when the session ends');

# The other settings
$node->safe_psql('postgres', 'ALTER ROLE anna SET contact_guard.durability = strict');
$anna = session($node, 'crm', 'anna');
$anna->query("${withheld}507");
is(unflushed(), 0, 'strict flushes what was withheld');
$anna->quit;
$node->safe_psql('postgres', 'ALTER ROLE anna SET contact_guard.durability = relaxed');
$anna = session($node, 'crm', 'anna');
ok(comes_about(sub { $anna->query("${withheld}1"); unflushed() > 0 }), 'relaxed flushes nothing');
$anna->quit;
$node->safe_psql('postgres', 'ALTER ROLE anna RESET contact_guard.durability');

# A synchronous standby that is not there
$locker->quit;
$node->safe_psql('crm', 'SELECT contact_guard.sync()');
$node->append_conf('postgresql.conf', "synchronous_standby_names = 'away'");
$node->reload;
$node->poll_query_until('crm', q(SELECT current_setting('synchronous_standby_names') = 'away'));
$anna = session($node, 'crm', 'anna');
$anna->query("SET statement_timeout = '60s'");
is($anna->query("${withheld}708"), mask_of(708), 'a mask does not wait for a standby');
$anna->query("SET statement_timeout = '1s'");
my ($out, $err) = as($node, 'crm', 'anna', "SET statement_timeout = '1s'; ${withheld}4");
unlike($out, qr/@{[ phone_of(4) ]}/, 'a value does not come without it');
$anna->quit;
$node->append_conf('postgresql.conf', "synchronous_standby_names = ''");
$node->reload;

$admin->quit;
$node->safe_psql('crm', 'SELECT contact_guard.sync()');
$node->stop('immediate');
$node->start;
is(log_rows($node, 'crm', "event = 'withheld' AND actor = 'anna' AND customer = '708'"), 1, 'all is on record');
ok(log_is_whole($node, 'crm'), 'the log is whole');
$node->stop;
done_testing();
