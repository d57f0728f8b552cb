# What is kept, and for how long: holds keep who read, nobody erases himself, statements
# and sessions go when nothing needs them, and statistics hold nothing personal.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('keeping', 'contact_guard.min_retention = 0', 'max_wal_size = 4GB');
make_roles($node);
make_crm($node, 'crm', 1000);
$node->safe_psql('crm', 'CREATE ROLE adam LOGIN IN ROLE contact_guard_admin; CREATE ROLE berta LOGIN IN ROLE contact_guard_admin;
	CREATE ROLE auditor LOGIN IN ROLE contact_guard_auditor; CREATE ROLE desk; GRANT desk TO adam; GRANT SELECT ON crm.customer TO adam, desk;
	CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy; GRANT contact_guard_proxy TO adam');

sub erase { my ($user, $sql) = @_; my ($out, $err) = as($node, 'crm', $user, "SET client_min_messages = error; SELECT contact_guard.$sql"); return $out . state_of($err) }

# Erasing: not one's own, whatever one was called
as($node, 'crm', 'eve', "SELECT phone FROM crm.customer WHERE id IN ($_)") foreach 41, 42, 43;
as($node, 'crm', 'adam', 'SELECT phone FROM crm.customer WHERE id = 44');
as($node, 'crm', 'adam', 'SET ROLE desk; SELECT phone FROM crm.customer WHERE id = 45');
as($node, 'crm', 'adam', "BEGIN; SELECT contact_guard.act_as('max'); SELECT phone FROM crm.customer WHERE id = 46; COMMIT");
log_rows($node, 'crm', 'true');
is(erase('adam', "erase_actor('adam', 'x')"), '42501', 'an admin does not erase his own name');
is(erase('adam', "erase_actor('desk', 'x')"), '42501', '... nor that of a role that he set');
is(erase('adam', "erase_actor('max', 'x')"), '42501', '... nor the one that he acted as');
is(erase('adam', "erase_customer('$_', 'x')"), '42501', "... nor customer $_, whom he has read") foreach 44, 45, 46;
my ($out, $err) = as($node, 'crm', 'adam', "SET ROLE contact_guard_admin; SELECT contact_guard.erase_actor('adam', 'x')");
is(state_of($err), '42501', '... nor under the name of the group');
like($err, qr/HINT:  Ask another member/, '... another one can');
is(erase('berta', "erase_actor('max', 'x')"), '1', 'another admin erases it');
is(erase('berta', "erase_customer('46', 'x')"), '1', '... and the customer');

# A hold keeps who read
$node->safe_psql('crm', "SELECT contact_guard.hold('42', 'suit')");
is(erase('berta', "erase_actor('eve', 'left')"), '2', 'the name goes from what is not held');
is(log_rows($node, 'crm', "actor = 'eve' AND customer = '42' AND login = 'eve'"), 1, '... and stays where it is');
is(log_rows($node, 'crm', "actor = 'eve' AND event = 'withheld'"), 1, '... there alone');
$node->safe_psql('crm', "SELECT contact_guard.release_hold('42')");
is(erase('berta', "erase_actor('eve', 'left')"), '1', '... until it is released');

# Nor may two admins erase each other, after what they have just read
is(erase('adam', "erase_actor('berta', 'x')"), '0', 'a name stays in the records of erasures');
is(log_rows($node, 'crm', "actor = 'berta' AND event = 'erasure'"), 4, '... which say who erased');
as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 47');
$node->append_conf('postgresql.conf', "contact_guard.min_retention = '1h'");
$node->reload;
ok($node->poll_query_until('crm', "SELECT current_setting('contact_guard.min_retention') = '1h'"), 'records of the last hour are to stay');
(undef, $err) = as($node, 'crm', 'berta', "SELECT contact_guard.sync(); SELECT contact_guard.erase_actor('eve', 'x')");
like($err, qr/NOTICE: .*some records keep the name of actor "eve".*younger than contact_guard\.min_retention/s, 'a name stays in records that are younger than min_retention');
is(log_rows($node, 'crm', "actor = 'eve' AND customer = '47'"), 1, '... as it was');
$node->append_conf('postgresql.conf', 'contact_guard.min_retention = 0');
$node->reload;
ok($node->poll_query_until('crm', "SELECT current_setting('contact_guard.min_retention') = '0'"), 'no longer');

# An erasure waits for what was read before, and says so if that does not come
my $locker = session($node, 'crm', 'postgres');
log_rows($node, 'crm', 'true');
$locker->query('BEGIN; LOCK TABLE contact_guard.query_text IN EXCLUSIVE MODE');
as($node, 'crm', 'eve', "SELECT phone AS kept_away FROM crm.customer WHERE id = $_") foreach 48, 48, 48, 49;
my $erasing = session($node, 'crm', 'berta');
$erasing->query_until(qr/begins/, "\\echo begins\nSELECT contact_guard.erase_customer('48', 'x');\n");
ok($node->poll_query_until('crm', "SELECT count(*) = 1 FROM pg_stat_activity WHERE usename = 'berta' AND query LIKE '%erase_customer%' AND state = 'active' AND wait_event_type = 'Extension'"), 'an erasure waits for the recorder');
$locker->query('COMMIT');
like($erasing->query('SELECT 1'), qr/^3$/m, '... and erases what was under way');
is(log_rows($node, 'crm', "customer = '48'"), 0, '... so that nothing names the customer');
$erasing->quit;
$locker->query('BEGIN; LOCK TABLE contact_guard.query_text IN EXCLUSIVE MODE');
as($node, 'crm', 'eve', "SELECT phone AS away_again FROM crm.customer WHERE id = $_") foreach 49, 49;
($out, $err) = as($node, 'crm', 'berta', "SELECT contact_guard.erase_customer('49', 'x')");
is($out, '1', 'where the recorder does not come, what is stored is erased');
like($err, qr/WARNING: .*records of reads before this erasure are not stored yet, and may name the customer when they are\n.*DETAIL:  contact_guard's recorder has not stored them within 10 seconds\.\n.*HINT:  Call contact_guard\.sync\(\), and then erase once more/, '... and that is said');
$locker->query('COMMIT');
$locker->quit;
is(log_rows($node, 'crm', "customer = '49'"), 2, '... of what comes later');

# Statements go with the last record that needs them
{
	as($node, 'crm', 'anna', 'SELECT phone AS old FROM crm.customer WHERE id = 1');
	as($node, 'crm', 'anna', 'SELECT phone AS held FROM crm.customer WHERE id = 2');
	my $session = session($node, 'crm', 'anna');
	$session->query('SELECT phone AS both FROM crm.customer WHERE id = 3');
	log_rows($node, 'crm', 'true');
	# All that is there is of an old month: as superuser with the library away
	$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
	$node->restart;
	my $month = $node->safe_psql('crm', q(SELECT relname FROM pg_class WHERE relnamespace = 'contact_guard'::regnamespace AND relname = to_char(now() AT TIME ZONE 'UTC', '"log_"YYYY_MM')));
	$node->safe_psql('crm', "ALTER TABLE contact_guard.log DETACH PARTITION contact_guard.$month; UPDATE contact_guard.$month SET read_at = '2020-03-05'; ALTER TABLE contact_guard.$month RENAME TO log_2020_03;
		ALTER TABLE contact_guard.log ATTACH PARTITION contact_guard.log_2020_03 FOR VALUES FROM ('2020-03-01 00:00:00+00') TO ('2020-04-01 00:00:00+00'); UPDATE contact_guard.query_text SET used_in = '2020-03-01 00:00:00+00'");
	$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "'contact_guard'");
	$node->restart;
	my $reader = session($node, 'crm', 'anna');
	$reader->query('SELECT phone AS both FROM crm.customer WHERE id = 3');
	is(log_rows($node, 'crm', "query LIKE '%AS both%'"), 2, 'a statement of an old month is used again');
	is($node->safe_psql('crm', "SELECT used_in > '2021-01-01' FROM contact_guard.query_text WHERE query LIKE '%AS both%'"), 't', '... and is known to be of this one');
	$node->safe_psql('crm', "SELECT contact_guard.hold('2', 'suit'); SELECT contact_guard.purge('2020-06-01', 'old')");
	my $texts = $node->safe_psql('crm', "SELECT string_agg(substring(query FROM 'AS (old|held|both)'), ' ' ORDER BY 1) FROM contact_guard.query_text WHERE query ~ 'AS (old|held|both)'");
	like($texts, qr/both/, 'purge() leaves a statement that is needed');
	like($texts, qr/held/, '... and that of a held record');
	unlike($texts, qr/old/, '... and no other');
	$reader->query('SELECT phone AS both FROM crm.customer WHERE id = 5');
	is(log_rows($node, 'crm', "customer = '5' AND query LIKE '%AS both%'"), 1, 'the session that knows it goes on');
	$reader->quit;
}

# Sessions: those that have ended go once WAL is far on, those that go on stay
{
	my $long = session($node, 'crm', 'anna');
	$long->query('SELECT phone FROM crm.customer WHERE id = 7');
	as($node, 'crm', 'anna', "SELECT phone FROM crm.customer WHERE id = 8") foreach 1 .. 30;
	log_rows($node, 'crm', 'true');
	cmp_ok($node->safe_psql('crm', 'SELECT count(*) FROM contact_guard.journal_session'), '>', 30, 'each session has its counter');
	# The message that comes again crosses a page of WAL, if nothing else writes meanwhile
	$node->safe_psql('crm', "SELECT pg_logical_emit_message(false, 'x', repeat('a', (16200 - (pg_current_wal_insert_lsn() - '0/0') % 8192)::integer))");
	my $message = $node->safe_psql('crm', 'SELECT pg_current_wal_lsn()');
	as($node, 'crm', 'anna', "SELECT phone FROM crm.customer WHERE id = 9");
	log_rows($node, 'crm', 'true');
	my $gaps = log_rows($node, 'crm', "event = 'gap'");
	# 200 MB of WAL that are nobody's
	$node->safe_psql('crm', "SELECT count(pg_logical_emit_message(false, 'x', repeat('a', 10000000))) FROM generate_series(1, 20)");
	$node->safe_psql('postgres', "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder'");
	as($node, 'crm', 'anna', "SELECT phone FROM crm.customer WHERE id = 10");
	log_rows($node, 'crm', 'true');
	ok($node->poll_query_until('crm', 'SELECT count(*) < 12 FROM contact_guard.journal_session'), '... which goes when the session has')
	  or diag($node->safe_psql('crm', 'SELECT count(*), min(position), max(position) FROM contact_guard.journal_session'));
	$long->query('SELECT phone FROM crm.customer WHERE id = 11');
	is(log_rows($node, 'crm', "customer = '11'"), 1, 'the session that went on is recorded');
	is(log_rows($node, 'crm', "event = 'gap'"), $gaps, '... and misses nothing');
	# An old message once more: it is in WAL, for whoever may read that
	my $rejected = $node->safe_psql('crm', 'SELECT rejected_messages FROM contact_guard.status()');
	my $before = log_rows($node, 'crm', "customer = '9'");
	$node->safe_psql('crm', 'CREATE EXTENSION pg_walinspect') ;
	my $locker = lock_log($node, 'crm');
	$long->query('SELECT phone FROM crm.customer WHERE id = 12');
	my $bytes = wal_message($message);
	$node->safe_psql('crm', "SELECT pg_logical_emit_message(false, 'contact_guard', '\\x$bytes'::bytea)");
	$long->query('SELECT phone FROM crm.customer WHERE id = 12');
	$locker->query('COMMIT');
	$locker->quit;
	is(log_rows($node, 'crm', "customer = '9'"), $before, 'a message of a session that is forgotten is refused when it comes again');
	is($node->safe_psql('crm', 'SELECT rejected_messages FROM contact_guard.status()') - $rejected, 1, '... and counted');
	$long->quit;
}

# The bytes of the first message of ours after a position, from the files. A record goes on
# behind the header of the next page, and in the next file, so both headers and ends are
# taken out first: one message in thirty crosses a page.
sub wal_message
{
	my ($lsn) = @_;
	my ($high, $low) = map { hex } split m{/}, $lsn;
	my ($segment, $page) = (16 * 1024 * 1024, 8192);
	my $all = '';
	foreach my $at ($low, $low + $segment)
	{
		my $file = $node->data_dir . '/pg_wal/' . $node->safe_psql('crm', sprintf "SELECT pg_walfile_name('%X/%X')", $high, $at);
		open my $fh, '<:raw', $file or last;
		my $bytes = do { local $/; <$fh> };
		$all .= substr($bytes, $_ * $page + ($_ == 0 ? 40 : 24), $page - ($_ == 0 ? 40 : 24)) foreach 0 .. $segment / $page - 1;
	}
	my $offset = $low % $segment;
	my $at = index($all, "contact_guard\0", $offset - 16 - 24 * (int($offset / $page) + 1));
	return unpack 'H*', substr($all, $at + 14, unpack 'Q<', substr($all, $at - 8, 8));
}

# No statistics of what is personal
$node->safe_psql('crm', 'ANALYZE');
is($node->safe_psql('crm', "SELECT count(*) FROM pg_statistic s JOIN pg_attribute a ON a.attrelid = s.starelid AND a.attnum = s.staattnum JOIN pg_class c ON c.oid = s.starelid
	WHERE c.relnamespace = 'contact_guard'::regnamespace AND c.relname ~ '^(log|restored_log|held)' AND a.attname IN ('actor', 'login', 'customer', 'client', 'application', 'reason', 'purpose', 'held_by')"), 0,
	'ANALYZE keeps no customer and no reader of the log');
$node->safe_psql('crm', 'SET client_min_messages = error; CREATE SCHEMA spy; GRANT ALL ON SCHEMA spy TO auditor');
($out, $err) = as($node, 'crm', 'auditor', q(CREATE FUNCTION spy.eq(text, text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN RAISE NOTICE 'told: %', $1; RETURN true; END $$;
	CREATE OPERATOR spy.=== (leftarg = text, rightarg = text, function = spy.eq, restrict = eqsel);
	EXPLAIN SELECT 1 FROM contact_guard.log WHERE customer OPERATOR(spy.===) 'x'));
unlike($err, qr/told/, 'an operator of an auditor\'s own is told nothing by EXPLAIN');
as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer');
log_rows($node, 'crm', 'true');
$node->safe_psql('crm', 'ANALYZE');
my $plan = as($node, 'crm', 'auditor', q(EXPLAIN SELECT * FROM contact_guard.log WHERE customer = '7'));
like($plan, qr/Index (Only )?Scan .*customer|Bitmap Index Scan on .*customer/, '... and who_read() keeps its index');
$node->stop;
done_testing();
