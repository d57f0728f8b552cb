# Databases that are copied, dropped, renamed and created while the recorder
# runs; the extension dropped and created again; servers that cannot keep WAL.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);

my $node = guard_node('databases', 'max_wal_size = 64MB', 'min_wal_size = 32MB');
make_roles($node);
make_crm($node, $_, 100) foreach qw(one two);

sub recorders { return $node->safe_psql('postgres',
	"SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder'") }

# The recorder of a database runs: somebody has just read there.
sub make_busy
{
	my ($dbname) = @_;
	is(as($node, $dbname, 'anna', 'SELECT phone FROM crm.customer WHERE id = 1'), phone_of(1),
		"anna reads in database $dbname");
	$node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity
		WHERE backend_type = 'contact_guard recorder' AND datname = '$dbname'") or die 'no recorder';
	return;
}

sub quickly
{
	my ($sql) = @_;
	my $start = time;
	my ($status, $out, $err) = $node->psql('postgres', $sql);
	is($err, '', $sql);
	cmp_ok(time - $start, '<', 4, '... does not wait for the recorder');
	return;
}

make_busy('one');
make_busy('two');
is(recorders(), 'one two', 'two recorders');
is(log_rows($node, $_, "event = 'shown'"), 1, "what was read in $_ is in its log alone") foreach qw(one two);

make_busy('one');
quickly('CREATE DATABASE copy TEMPLATE one');
is(as($node, 'copy', 'anna', 'SELECT phone FROM crm.customer WHERE id = 2'), phone_of(2), 'the guard shows in the copy');
is(as($node, 'copy', 'anna', 'SELECT phone FROM crm.customer WHERE id = 52'), mask_of(52), 'and masks');
is(log_rows($node, 'copy', "event = 'epoch' AND reason ~ 'copy'"), 1, 'the copy has an epoch of its own');
is($node->safe_psql('copy', 'SELECT epoch FROM contact_guard.status()'), 2, 'which is the second');
is(log_rows($node, 'copy', "event = 'shown' AND customer = '2'"), 1, 'its reads are in its log');
is(log_rows($node, 'one', "event = 'shown' AND customer = '2'"), 0, 'not in that of the original');
ok(log_is_whole($node, $_), "the log of $_ is whole") foreach qw(one copy);

make_busy('copy');
quickly('ALTER DATABASE copy RENAME TO renamed');
is(as($node, 'renamed', 'anna', 'SELECT phone FROM crm.customer WHERE id = 3'), phone_of(3), 'anna reads in the renamed one');
is(log_rows($node, 'renamed', "event = 'shown' AND customer = '3'"), 1, 'which is on record');
make_busy('renamed');
quickly('DROP DATABASE renamed');
quickly('CREATE DATABASE plain');
quickly('DROP DATABASE plain');
make_busy('two');
quickly('DROP DATABASE two WITH (FORCE)');

# A database that goes with records that nobody has stored
make_crm($node, 'three', 100);
{
	my $locker = session($node, 'three', 'postgres');
	log_rows($node, 'three', 'true');
	$locker->query('BEGIN; LOCK TABLE contact_guard.log IN EXCLUSIVE MODE');
	is(as($node, 'three', 'anna', 'SELECT phone FROM crm.customer WHERE id = 4'), phone_of(4), 'a record that waits');
	quickly('DROP DATABASE three WITH (FORCE)');
	eval { $locker->quit };
}
$node->safe_psql('one', "CREATE TABLE crm.ballast AS SELECT i, repeat('x', 500) FROM generate_series(1, 100000) i; CHECKPOINT");
ok($node->poll_query_until('postgres',
		"SELECT pg_current_wal_lsn() - restart_lsn < 8000000 FROM pg_replication_slots WHERE slot_name = 'contact_guard'"),
	'a dropped database keeps no WAL');

# DROP EXTENSION
like((as($node, 'one', 'postgres', 'DROP EXTENSION contact_guard CASCADE'))[1], qr/ERROR:\s+2BP01:.*has a policy/,
	'DROP EXTENSION is refused while something is protected');
is(as($node, 'one', 'anna', 'SELECT phone FROM crm.customer WHERE id = 52'), mask_of(52), 'and the guard is on');
is((as($node, 'one', 'postgres', 'SELECT contact_guard.retire(); DROP EXTENSION contact_guard'))[1], '',
	'after retire() it is not');
is(as($node, 'one', 'anna', 'SELECT phone FROM crm.customer WHERE id = 52'), phone_of(52), 'and nothing is guarded');
is((as($node, 'one', 'postgres', 'SET client_min_messages = warning; CREATE EXTENSION contact_guard'))[1], '', 'the extension can be created again');
is((as($node, 'one', 'postgres', "SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}', mask => 'partial(2,1)')"))[1],
	'', 'protect() works again');
is(as($node, 'one', 'anna', 'SELECT phone FROM crm.customer WHERE id = 52'), mask_of(52), 'and guards');
is(log_rows($node, 'one', "event = 'withheld' AND customer = '52'"), 1, 'with a record in the new log');
ok(log_is_whole($node, 'one'), 'which is whole');
{
	# All in one session, while the recorder runs
	my ($out, $err) = as($node, 'one', 'postgres', "SET client_min_messages = error;
		SET ROLE anna; SELECT phone FROM crm.customer WHERE id = 54; RESET ROLE; SELECT contact_guard.sync();
		SELECT contact_guard.retire(); DROP EXTENSION contact_guard; CREATE EXTENSION contact_guard;
		SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}', mask => 'partial(2,1)');
		SET ROLE anna; SELECT phone FROM crm.customer WHERE id = 55; RESET ROLE; SELECT contact_guard.sync();
		SELECT string_agg(event || coalesce(' ' || customer, ''), ', ' ORDER BY seq) FROM contact_guard.access_log");
	is($err, '', 'a session that sees one extension go and the next one come');
	like($out, qr/\nepoch, policy, withheld 55$/, '... begins anew in the log');
}
$node->restart;
is(as($node, 'one', 'anna', 'SELECT phone FROM crm.customer WHERE id = 53'), mask_of(53), 'after a restart, too');
is(log_rows($node, 'one', "event = 'withheld' AND customer = '53'"), 1, 'with its record');
$node->stop;

# Servers that cannot keep the journal
foreach my $conf ('wal_level = minimal', 'max_replication_slots = 0')
{
	my $name = $conf =~ /^(\w+)/ ? $1 : '';
	my $poor = PostgreSQL::Test::Cluster->new($name);
	$poor->init;
	$poor->append_conf('postgresql.conf', "wal_level = replica\nmax_wal_senders = 0\n$conf");
	$poor->start;
	my $start = time;
	my ($out, $err) = as($poor, 'postgres', 'postgres', 'CREATE EXTENSION contact_guard');
	is(state_of($err), '55000', "$conf: CREATE EXTENSION is refused");
	like($err, qr/$name/, '... and names the setting');
	cmp_ok(time - $start, '<', 15, '... soon');
	is($poor->safe_psql('postgres', 'SELECT 1'), 1, '... and the server works');
	$poor->stop;
}
done_testing();
