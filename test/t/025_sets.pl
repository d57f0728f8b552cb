# Many customers in one item of the journal: what the log says of them is what records of
# their own would say, for each type of key; and they cost little WAL.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('sets', 'fsync = off', 'autovacuum = off', 'max_wal_size = 1GB');
make_roles($node);
make_crm($node, 'crm', 200_000);
# Or all keys would have to be of the kind that interventions have
$node->safe_psql('crm', q(SELECT contact_guard.forget_interventions('crm.intervention')));
$node->safe_psql('crm', q(SET client_min_messages = error;
	CREATE TABLE crm.small (id smallint, phone text, email text);
	CREATE TABLE crm.whole (id int, phone text, email text);
	CREATE TABLE crm.big (id bigint, phone text, email text);
	CREATE TABLE crm.uuid (id uuid, phone text, email text);
	CREATE TABLE crm.word (id text, phone text, email text);
	INSERT INTO crm.small SELECT i, 'p', 'e' FROM generate_series(-30000, 30000, 7) i;
	INSERT INTO crm.whole VALUES (-2147483648), (2147483647), (0), (-1), (1), (NULL);
	INSERT INTO crm.big VALUES (-9223372036854775808), (9223372036854775807), (0), (-9223372036854775808), (5);
	INSERT INTO crm.uuid SELECT md5(i::text)::uuid FROM generate_series(1, 20000) i;
	INSERT INTO crm.uuid VALUES ('00000000-0000-0000-0000-000000000000'), ('ffffffff-ffff-ffff-ffff-ffffffffffff');
	INSERT INTO crm.word SELECT md5(i::text) || repeat('x', i % 50) FROM generate_series(1, 20000) i;
	INSERT INTO crm.word VALUES (''), ('a''b"c\\ '), (repeat('long', 1000)), ('1'), ('01'), ('café');));
foreach my $table (qw(small whole big uuid word))
{
	# Either column may be NULL, which is no read
	$node->safe_psql('crm', qq(SET client_min_messages = error;
		UPDATE crm.$table SET phone = 'p', email = 'e';
		UPDATE crm.$table SET phone = NULL WHERE hashtext(id::text) % 5 = 0;
		UPDATE crm.$table SET email = NULL WHERE hashtext(id::text) % 3 = 0;
		GRANT SELECT ON crm.$table TO dispatcher;
		SELECT contact_guard.protect('crm.$table', customer => 'id', columns => '{phone,email}');));
	my $before = $node->safe_psql('crm', 'SELECT clock_timestamp()');
	as($node, 'crm', 'dispatcher', "SET application_name = '$table'; SELECT phone, email FROM crm.$table");
	my $after = $node->safe_psql('crm', 'SELECT clock_timestamp()');
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my $recorded = "SELECT customer, columns FROM contact_guard.access_log WHERE application = '$table' AND event = 'shown'";
	my $read = "SELECT CASE WHEN id::text IS NULL THEN NULL ELSE contact_guard.customer_of_record(id::text) END,
		array_remove(ARRAY[CASE WHEN bool_or(phone IS NOT NULL) THEN 'phone' END, CASE WHEN bool_or(email IS NOT NULL) THEN 'email' END], NULL)::name[]
		FROM crm.$table WHERE phone IS NOT NULL OR email IS NOT NULL GROUP BY id";
	is($node->safe_psql('crm', "SELECT count(*) FROM (($recorded EXCEPT ALL ($read)) UNION ALL (($read) EXCEPT ALL $recorded)) x"), 0,
		"keys of $table: the log has each customer once, with the columns that were read");
	cmp_ok($node->safe_psql('crm', "SELECT count(*) FROM ($recorded) x"), '>', 3, '... and it has some');
	is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE application = '$table' AND event = 'shown'
		AND (relation, count, purpose, reason) IS DISTINCT FROM ('crm.$table', 1, 'planning', 'by role dispatcher')"), 0, '... and the rest is right');
	is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE application = '$table' AND event = 'shown'
		AND read_at NOT BETWEEN '$before' AND '$after'"), 0, '... and the time');
}

# A customer whose other column is read later in the execution, and one who comes again
as($node, 'crm', 'dispatcher', q(SET application_name = 'twice'; SELECT id, (SELECT email FROM crm.big d WHERE d.id = c.id LIMIT 1), phone FROM crm.big c
	UNION ALL SELECT id, NULL, phone FROM crm.big ORDER BY 1));
is($node->safe_psql('crm', q(SELECT contact_guard.sync()) . q(; SELECT count(*), count(DISTINCT customer) FROM contact_guard.access_log
	WHERE application = 'twice' AND 'phone' = ANY (columns))) =~ s/^\n//r,
	$node->safe_psql('crm', 'SELECT count(DISTINCT id), count(DISTINCT id) FROM crm.big WHERE phone IS NOT NULL'), 'each column is recorded once');

# Names that change in the midst of a session
$node->safe_psql('crm', q(SET application_name = 'names';
	SELECT phone FROM crm.big WHERE id = 5;
	ALTER TABLE crm.big RENAME COLUMN phone TO telephone; SELECT telephone FROM crm.big WHERE id = 5;
	ALTER TABLE crm.big RENAME TO large; SELECT telephone FROM crm.large WHERE id = 5;
	ALTER SCHEMA crm RENAME TO other; SELECT telephone FROM other.large WHERE id = 5;
	ALTER SCHEMA other RENAME TO crm; ALTER TABLE crm.large RENAME TO big; ALTER TABLE crm.big RENAME COLUMN telephone TO phone;));
is($node->safe_psql('crm', q(SELECT contact_guard.sync()) . q(; SELECT string_agg(relation || columns[1], ' ' ORDER BY seq) FROM contact_guard.access_log
	WHERE application = 'names' AND event = 'shown')) =~ s/^\n//r, 'crm.bigphone crm.bigtelephone crm.largetelephone other.largetelephone',
	'records have the names of their time');

# WAL of 200,000 customers
$node->safe_psql('crm', 'SELECT contact_guard.sync(); CHECKPOINT');
my $locker = lock_log($node, 'crm');
my $lsn = $node->safe_psql('crm', 'SELECT journal_lsn FROM contact_guard.status()');
is((as($node, 'crm', 'dispatcher', "SET application_name = 'wal'; SELECT count(phone) FROM crm.customer"))[0], 200_000, '200,000 customers');
my $bytes = $node->safe_psql('crm', "SELECT journal_lsn - '$lsn' FROM contact_guard.status()") / 200_000;
diag(sprintf '%.1f bytes of WAL a customer', $bytes);
cmp_ok($bytes, '<=', 24, 'cost 24 bytes of WAL each at most');
$locker->quit;
is(log_rows($node, 'crm', "application = 'wal' AND event = 'shown'"), 200_000, 'and all are on record');
is($node->safe_psql('crm', "SELECT count(DISTINCT customer) FROM contact_guard.access_log WHERE application = 'wal' AND event = 'shown'"), 200_000, 'each of them');
ok(log_is_whole($node, 'crm'), 'the log is whole');
is($node->safe_psql('crm', 'SELECT rejected_messages FROM contact_guard.status()'), 0, 'no message was rejected');
$node->stop;
done_testing();
