# purge(), hold(), and the minimum below which nothing goes.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('retention');
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', "CREATE ROLE officer LOGIN IN ROLE contact_guard_admin");
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id IN (1, 50)');
$node->safe_psql('crm', 'SELECT contact_guard.sync()');

# A past: three old months, which only a server without the library lets one write.
my $conf = $node->data_dir . '/postgresql.conf';
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
foreach my $month (1 .. 3)
{
	my $name = "contact_guard.log_2024_0$month";
	$node->safe_psql('crm', qq(
		CREATE TABLE $name (LIKE contact_guard.log INCLUDING ALL);
		INSERT INTO $name (seq, read_at, event, actor, customer, count)
			SELECT -1000 * $month + i, '2024-0$month-10 00:00+00', 'shown', 'anna', i, 1 FROM generate_series(1, 100) i;
		INSERT INTO $name (seq, read_at, event, actor, count) VALUES (-1000 * $month, '2024-0$month-11 00:00+00', 'bulk', 'backup', 7);
		ALTER TABLE contact_guard.log ATTACH PARTITION $name
			FOR VALUES FROM ('2024-0$month-01 00:00+00') TO ('2024-0@{[ $month + 1 ]}-01 00:00+00');
		ALTER EXTENSION contact_guard ADD TABLE $name;));
}
# ... and a purge of those days, behind whose ranges anything may stand
$node->safe_psql('crm', q(INSERT INTO contact_guard.log_2024_02 (seq, read_at, event, count, reason)
	VALUES (1000000, '2024-02-12', 'purge', 4, '2 months before 2023-03-01 00:00:00+00, seq 7 to 8, seq 9 to 11: old, seq 20 to 30: x, seq 5 to 99999999999999999999')));
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;

my $months = sub { $node->safe_psql('crm', q(SELECT string_agg(relname, ' ' ORDER BY relname) FROM pg_class
	WHERE relname ~ '^log_2024_..$' AND relkind = 'r')) };
my $old = sub { $node->safe_psql('crm', q(SELECT string_agg(extract(month FROM read_at AT TIME ZONE 'UTC') || ':' || n, ' ' ORDER BY read_at)
	FROM (SELECT date_trunc('month', read_at, 'UTC') AS read_at, count(*) n FROM contact_guard.log WHERE read_at < '2025-01-01' GROUP BY 1) s)) };
is($months->(), 'log_2024_01 log_2024_02 log_2024_03', 'three old months');

# What is refused
my $purge = sub { as($node, 'crm', $_[0], "SELECT contact_guard.purge($_[1])") };
my @refused = (
	[ 'anna', "'2024-02-01', 'x'", '42501', qr/permission denied/ ],
	[ 'officer', "now() + interval '1 day', 'x'", '22023', qr/in the future/ ],
	[ 'officer', "now() - interval '179 days', 'x'", '22023', qr/younger than contact_guard\.min_retention/ ],
	[ 'officer', "'-infinity', 'x'", '22023', qr/finite/ ],
	[ 'officer', "NULL, 'x'", '22004', qr/must not be null/ ],
	[ 'officer', "'2024-02-01', ''", '22023', qr/reason must not be empty/ ],
	[ 'officer', "'2024-02-01', NULL", '22023', qr/reason must not be empty/ ]);
foreach my $case (@refused)
{
	my ($out, $err) = $purge->($case->[0], $case->[1]);
	is(state_of($err), $case->[2], "purge($case->[1]) by $case->[0] is refused");
	like($err, $case->[3], '... with a reason');
}
is((as($node, 'crm', 'officer', 'SET contact_guard.min_retention = 0'))[0], '', 'nobody sets the minimum for himself');
is(state_of((as($node, 'crm', 'postgres', 'SET contact_guard.min_retention = 0'))[1]), '55P02', '... not even a superuser');

# Holds
my ($out, $err) = as($node, 'crm', 'officer', "SELECT contact_guard.hold('nobody', 'x')");
is(state_of($err), '42704', 'a hold on nothing is refused');
is(state_of((as($node, 'crm', 'officer', "SELECT contact_guard.hold('', 'x')"))[1]), '22023', '... and on an empty key');
is(state_of((as($node, 'crm', 'officer', "SELECT contact_guard.release_hold('42')"))[1]), '42704', 'nothing to release');
is(state_of((as($node, 'crm', 'anna', "SELECT contact_guard.hold('42', 'x')"))[1]), '42501', 'a technician holds nothing');
$node->safe_psql('crm', "SELECT contact_guard.hold('42', 'case 7/26')", extra_params => [ '-U', 'officer' ]);
like((as($node, 'crm', 'officer', "SELECT contact_guard.hold('42', 'again')"))[1], qr/NOTICE.*held already/, 'a second hold is none');

# By whole months: that of the 15th stays.
is((($purge->('officer', "'2024-02-15', 'yearly'"))[0]), 99, 'the first month goes, but for the held customer and the bulk read');
is($months->(), 'log_2024_01 log_2024_02 log_2024_03', 'his rows are in a month made anew');
is($old->(), '1:2 2:102 3:101', '... alone with it');
($out, $err) = $purge->('officer', "'2024-02-15', 'yearly'");
is($out, 0, 'a second purge finds nothing');
like($err, qr/NOTICE.*nothing to purge/, '... and says so');
$node->safe_psql('crm', "SELECT contact_guard.release_hold('42', 'case closed')");
is((($purge->('officer', "'2024-03-01', 'yearly'"))[0]), 104, 'without the hold, all of two months goes');
is($months->(), 'log_2024_03', '... with the tables');
is($old->(), '3:101', 'the third stays');

# Customer 42 of the first month is at -958, the bulk read at -1000.
is(log_rows($node, 'crm', "event = 'purge' AND count = 99 AND reason ~ ', seq -999 to -959, seq -957 to -900: yearly'"), 1, 'a purge says which seqs are gone, and not those that are held');
is(log_rows($node, 'crm', "event = 'purge' AND count = 104 AND reason ~ '00, seq -2000 to -1900, seq 7 to 11, seq 1000000 to 1000000, seq -1000 to -1000, seq -958 to -958: yearly'"),
	1, '... nor forgets what a purge record named that goes itself');
is(log_rows($node, 'crm', "event = 'purge' AND actor = 'officer'"), 2, 'both purges are on record');
is(log_rows($node, 'crm', "event = 'policy' AND customer = '42' AND reason ~ 'hold'"), 2, 'the hold and its end, too');

# A rollback takes it all back.
$node->safe_psql('crm', "BEGIN; SELECT contact_guard.purge('2024-04-01', 'no'); ROLLBACK");
is($old->(), '3:101', 'a purge that is rolled back is none');
is(log_rows($node, 'crm', "event = 'purge'"), 2, '... and leaves no record');

# A purge looks at the months before it asks for its lock, and notices who is held meanwhile.
my $reader = session($node, 'crm', 'postgres');
my $officer = session($node, 'crm', 'officer');
$reader->query('BEGIN; SELECT count(*) FROM contact_guard.log');
$officer->query_until(qr/begun/, "\\echo begun\nSELECT 'purged ' || contact_guard.purge('2024-04-01', 'late');\n");
my $waiting = q(FROM pg_locks WHERE relation = 'contact_guard.log'::regclass AND mode = 'AccessExclusiveLock' AND NOT granted);
$node->poll_query_until('crm', "SELECT count(*) = 1 $waiting") or die 'the purge does not wait';
is($node->safe_psql('crm', qq(SELECT count(*) FROM pg_locks JOIN pg_class c ON c.oid = relation
	WHERE relname ~ '^(log|held|query_text)' AND granted AND pid = (SELECT pid $waiting))), 0, 'a purge that waits for readers has no lock on the log itself');
$reader->query("SELECT contact_guard.hold('7', 'just now'); COMMIT");
like($officer->query('SELECT 1'), qr/purged 99$/m, 'a hold that came while the purge waited is heeded');
is($old->(), '3:2', '... its row and the bulk read stay');
$reader->quit;
$officer->quit;
$node->safe_psql('crm', "SELECT contact_guard.release_hold('7', 'settled')");

# Restored rows go, too.
$node->safe_psql('crm', q(SET row_security = off;
	COPY contact_guard.restored_log (seq, read_at, event, customer, count, origin) FROM PROGRAM 'printf "1\\t2023-05-05\\tshown\\t9\\t1\\tx\\n2\\t2026-05-05\\tshown\\t9\\t1\\tx\\n"'));
is((($purge->('officer', "'2024-01-01', 'restored'"))[0]), 1, 'a restored row that is old enough goes');
is($node->safe_psql('crm', q(SELECT seq FROM contact_guard.access_log WHERE starts_with(session, 'x'))), 2, '... and no other');

# The recorder goes on, and the extension can still go.
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 2');
is(log_rows($node, 'crm', "event = 'shown' AND customer = '2' AND seq >= 0"), 1, 'reads are recorded after a purge');
$node->safe_psql('crm', 'SELECT contact_guard.retire(); DROP EXTENSION contact_guard');
is($months->(), '', 'DROP EXTENSION takes the months along');
$node->stop;
done_testing();
