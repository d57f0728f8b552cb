# purge() of what a restore has brought: nobody who reads, nor the recorder, waits for it,
# however many restored rows there are.  Only holds and erasures do.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir;
my $node = guard_node('purge');
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', 'CREATE ROLE officer LOGIN IN ROLE contact_guard_admin, contact_guard_auditor; CREATE ROLE auditor LOGIN IN ROLE contact_guard_auditor');
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGUSER} = 'postgres';

# A past, which only a server without the library lets one write
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
$node->safe_psql('crm', q(
	CREATE TABLE contact_guard.log_2023_01 (LIKE contact_guard.log INCLUDING ALL);
	INSERT INTO contact_guard.log_2023_01 (seq, read_at, event, actor, customer, count, query_id)
		SELECT i - 1000, '2023-01-05 12:00+00', 'shown', 'anna', i, 1, i FROM generate_series(1, 500) i;
	INSERT INTO contact_guard.query_text SELECT i, 'text ' || i, '2023-01-01 00:00+00' FROM generate_series(1, 500) i;
	ALTER TABLE contact_guard.log ATTACH PARTITION contact_guard.log_2023_01 FOR VALUES FROM ('2023-01-01 00:00+00') TO ('2023-02-01 00:00+00');
	ALTER EXTENSION contact_guard ADD TABLE contact_guard.log_2023_01));
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;
foreach my $command ([ 'pg_dump', '-Fc', '-f', "$dir/dump", 'crm' ], [ 'createdb', 'copy' ], [ 'pg_restore', '-e', '-d', 'copy', "$dir/dump" ])
{
	my $ok = IPC::Run::run($command, '>&', \my $out);
	ok($ok, $command->[0]) or diag($out);
}
as($node, 'copy', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 1');
is(log_rows($node, 'copy', "event = 'shown' AND read_at < '2024-01-01'"), 500, 'restored rows of a past year');
$node->safe_psql('copy', "SELECT contact_guard.hold('7', 'a complaint')");
my $rows = $node->safe_psql('copy', 'SELECT count(*) FROM contact_guard.restored_log');

# Somebody keeps the purge from its work on restored rows, for as long as the test wants
my $keeper = session($node, 'copy', 'postgres');
$keeper->query('BEGIN; LOCK TABLE contact_guard.restored_log IN SHARE MODE');
my ($purged, $failed) = ('', '');
my $purge = IPC::Run::start([ 'psql', '-XAtq', '-U', 'officer', '-d', 'copy', '-c', "SELECT contact_guard.purge('2024-01-01 00:00+00', 'old')" ], '>', \$purged, '2>', \$failed);
ok($node->poll_query_until('postgres', "SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'SELECT contact_guard.purge%' AND wait_event_type = 'Lock'"), 'a purge is at work');
my $patient = "SET statement_timeout = '60s'; SET lock_timeout = '5s';";
my ($out, $err) = as($node, 'copy', 'auditor', "$patient SELECT count(*) > 500 FROM contact_guard.access_log");
is($out . $err, 't', 'an auditor reads the log meanwhile');
is(as($node, 'copy', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 2'), phone_of(2), '... a guarded value is read');
($out, $err) = as($node, 'copy', 'postgres', "$patient SELECT contact_guard.sync()");
is($err, '', '... and the recorder stores the record');
($out, $err) = as($node, 'copy', 'officer', "$patient SELECT contact_guard.hold('8', 'another')");
is(state_of($err), '55P03', 'a hold waits');
($out, $err) = as($node, 'copy', 'officer', "BEGIN; SELECT count(*) FROM contact_guard.access_log WHERE false; SELECT contact_guard.erase_customer('9', 'asked for')");
is(state_of($err), '55P03', '... and a transaction that has read the log does not wait for ever');
like($err, qr/ERROR:  55P03: cannot erase a customer from the access log while another session purges, holds or erases records\n.*\nHINT:  Call the function in a transaction of its own/s, '... it is told what to do');
$keeper->query('COMMIT');
ok($purge->finish, 'the purge goes on') or diag($failed);
is($purged, "499\n", '... and all but the held row is gone');
is($node->safe_psql('copy', 'SELECT count(*) FROM contact_guard.restored_log'), $rows - 499, '... from the restored rows');
is($node->safe_psql('copy', "SELECT string_agg(query, ',') FROM contact_guard.query_text WHERE query LIKE 'text %'"), 'text 7', '... and the texts that only these needed');
($out, $err) = as($node, 'copy', 'officer', "$patient SELECT contact_guard.erase_customer('2', 'asked for'); SELECT contact_guard.release_hold('7')");
is($err, '', 'erasures and holds go on');
$node->safe_psql('copy', 'SELECT contact_guard.sync()');
my $now = $node->safe_psql('copy', "SELECT substring(reason FROM 'has now (.*)') FROM contact_guard.log WHERE event = 'epoch' AND reason LIKE '%restored_log has now %' ORDER BY seq DESC LIMIT 1");
like($now, qr/^@{[ $rows - 499 ]} rows, SHA-256 [0-9a-f]{64}$/, 'the record has the hash of what is left');
ok($keeper->quit, 'done');
$node->stop;
done_testing();
