# What newer PostgreSQL versions bring beyond SQL: statistics in dumps, triggers at
# login, protocol 3.2, pipelines, kinds of input and output, incremental backups, and a
# standby that becomes a subscriber.  Each part says what it skips on older versions.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('newer', { allows_streaming => 'logical' }, 'wal_level = logical', 'max_wal_senders = 10',
	'max_replication_slots = 10', 'autovacuum = off');
my $major = $node->pg_version->major;
make_roles($node);
make_crm($node, 'crm', 100);
my $dir = PostgreSQL::Test::Utils::tempdir;

# A part of this file, where PostgreSQL is of version SINCE or later
sub since
{
	my ($since, $what, $count, $part) = @_;
  SKIP:
	{
		skip "PostgreSQL $since has $what", $count if $major < $since;
		$part->();
	}
	return;
}

# All that a program prints
sub printed
{
	my (@command) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run(\@command, '<', '/dev/null', '>', \$out, '2>', \$err);
	return $out . $err;
}

sub connection { my ($user, $more) = @_; return $node->connstr('crm') . " user=$user " . ($more // '') }

# Statistics in a dump.  In a superuser's they are whole, and there is a record.
since(18, 'pg_dump --statistics-only', 6, sub {
	my $dump = printed('pg_dump', '--statistics-only', '-d', connection('postgres', 'application_name=dumper'));
	like($dump, qr/'attname', 'phone'.*?'histogram_bounds', '\{\d+,/s, 'the dump of a superuser has histograms');
	is(log_rows($node, 'crm', "event = 'lookup' AND relation = 'crm.customer' AND columns = '{phone}' AND query ~ 'pg_stats'") > 0, 1, '... with a record')
	  or diag($node->safe_psql('crm', 'SELECT event, relation, columns, query FROM contact_guard.access_log'));
	$node->safe_psql('crm', 'GRANT USAGE ON SCHEMA contact_guard TO eve; CREATE ROLE dumper LOGIN IN ROLE pg_read_all_data');
	$dump = printed('pg_dump', '--statistics-only', '-n', 'crm', '-d', connection('dumper'));
	like($dump, qr/'attname', 'name'/, 'that of somebody else has others');
	unlike($dump, qr/06000000/, '... and none of a guarded column');
	# Values that the owner makes up are nobody's, and are not shown either.
	$node->safe_psql('crm', 'CREATE ROLE keeper LOGIN; ALTER TABLE crm.customer OWNER TO keeper');
	my ($out, $err) = as($node, 'crm', 'keeper', q(SELECT pg_restore_attribute_stats('schemaname', 'crm', 'relname', 'customer', 'attname', 'phone',
		'inherited', false, 'null_frac', 0.1::real, 'avg_width', 10, 'n_distinct', -1::real, 'histogram_bounds', '{A,Z}'::text);
		SELECT histogram_bounds FROM pg_stats WHERE tablename = 'customer' AND attname = 'phone'));
	is("$out$err", 't', 'an owner may import statistics, and does not read them back');
	is(as($node, 'crm', 'dispatcher', q(SELECT phone FROM crm.customer WHERE phone = '0600000042')), phone_of(42), '... and a look-up finds what is there');
	$node->safe_psql('crm', 'ALTER TABLE crm.customer OWNER TO postgres; ANALYZE crm.customer');
});

# A trigger at login reads as who logs in.
since(17, 'login event triggers', 5, sub {
	$node->safe_psql('crm', q(CREATE FUNCTION crm.greet() RETURNS event_trigger LANGUAGE plpgsql AS $$
		BEGIN RAISE WARNING 'yours: %, not yours: %', (SELECT phone FROM crm.customer WHERE id = 7), (SELECT phone FROM crm.customer WHERE id = 42);
		EXCEPTION WHEN insufficient_privilege THEN NULL; END$$;
		CREATE EVENT TRIGGER greet ON login EXECUTE FUNCTION crm.greet(); ALTER EVENT TRIGGER greet ENABLE ALWAYS));
	my $before = log_rows($node, 'crm', "event = 'shown' AND actor = 'anna'");
	my ($out, $err) = as($node, 'crm', 'anna', 'SELECT 1');
	like($err, qr/yours: 0600000007, not yours: \Q@{[ mask_of(42) ]}\E/, 'a trigger at login sees what who logs in sees');
	is($out, '1', '... who is logged in');
	is(log_rows($node, 'crm', "event = 'shown' AND actor = 'anna'"), $before + 1, '... with a record');
	(undef, $err) = as($node, 'crm', 'eve', 'SELECT 1');
	like($err, qr/yours: \Q@{[ mask_of(7) ]}\E/, 'another one sees a mask');
	$node->safe_psql('crm', 'ALTER FUNCTION crm.greet() SECURITY DEFINER');
	(undef, $err) = as($node, 'crm', 'eve', 'SELECT 1');
	like($err, qr/yours: \Q@{[ mask_of(7) ]}\E/, '... a superuser\'s function shows no more');
	$node->safe_psql('crm', 'DROP EVENT TRIGGER greet');
});

# Protocol 3.2, with longer keys for cancelling
since(18, 'protocol 3.2', 4, sub {
	my $wire = connection('anna', 'min_protocol_version=3.2 max_protocol_version=3.2 application_name=wire');
	is(printed('psql', '-XAtqd', $wire, '-c', 'SELECT phone FROM crm.customer WHERE id IN (7, 42) ORDER BY id'), phone_of(7) . "\n" . mask_of(42) . "\n", 'protocol 3.2 shows the same');
	is(log_rows($node, 'crm', "event = 'shown' AND application = 'wire'"), 1, '... with a record');
	my ($out, $in) = ('', '');
	my $psql = IPC::Run::start([ 'psql', '-XAtqd', $wire, '-c', 'SELECT phone, pg_sleep(600) FROM crm.customer WHERE id = 8' ], '<', \$in, '>&', \$out);
	$node->poll_query_until('crm', q(SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep')) or die;
	$psql->signal('INT');
	$psql->finish;
	like($out, qr/canceling statement due to user request/, '... can be cancelled');
	is(log_rows($node, 'crm', "event = 'shown' AND application = 'wire' AND customer = '8'"), 1, '... and what was read until then is on record');
});

# A pipeline: the results of several statements come at once, the records before them.
since(18, 'pipelines in psql', 2, sub {
	my $script = "$dir/pipeline.sql";
	append_to_file($script, join "\n", '\startpipeline', (map { "SELECT phone FROM crm.customer WHERE id = \$1 \\bind $_ \\sendpipeline" } 9, 42, 10), '\syncpipeline',
		(map { "SELECT phone FROM crm.customer WHERE id = \$1 \\bind $_ \\sendpipeline" } 11, 43), '\endpipeline', '');
	is(printed('psql', '-XAtqd', connection('anna', 'application_name=pipe'), '-f', $script), join('', map { "$_\n" } phone_of(9), mask_of(42), phone_of(10), phone_of(11), mask_of(43)),
		'a pipeline shows what is shown without');
	is(log_rows($node, 'crm', "application = 'pipe' AND event IN ('shown', 'withheld')"), 5, '... with a record each');
});

# COPY that leaves out what it cannot read
since(17, 'COPY ON_ERROR', 4, sub {
	$node->safe_psql('crm', q(CREATE TABLE crm.call (id int, customer_id bigint, phone text, minutes int CHECK (minutes < 100)); GRANT ALL ON crm.call TO anna;
		SELECT contact_guard.protect('crm.call', 'customer_id', '{phone}')));
	append_to_file("$dir/calls", "1\t42\t0612345678\t3\n2\t42\t0612345679\tmany\n3\t7\t0612345670\t5\n");
	my $said = printed('psql', '-XAtqd', connection('anna'), '-c', "\\copy crm.call FROM '$dir/calls' WITH (ON_ERROR ignore" . ($major < 18 ? ')' : ', LOG_VERBOSITY verbose)'));
	like($said, qr/1 row was skipped/, 'COPY ON_ERROR leaves out what it cannot read');
	unlike($said, qr/ERROR/, '... without an error');
	is(as($node, 'crm', 'anna', 'SELECT id, phone FROM crm.call WHERE customer_id = 7'), '3|0612345670', '... and stores the others');
	my ($out, $err) = as($node, 'crm', 'anna', 'SELECT phone FROM crm.call WHERE id = 1');
	unlike($out, qr/0612345678/, '... which are guarded');
});

# A subscriber that was a standby keeps policies and log, and gets no log of the other.
since(17, 'pg_createsubscriber', 7, sub {
	$node->backup('standby');
	my $standby = PostgreSQL::Test::Cluster->new('subscriber');
	$standby->init_from_backup($node, 'standby', has_streaming => 1);
	$standby->start;
	$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
	$standby->stop;
	my $said = printed('pg_createsubscriber', '-D', $standby->data_dir, '-P', $node->connstr('crm'), '-d', 'crm', '-p', $standby->port, '-s', $standby->host);
	$standby->start;
	is($standby->safe_psql('postgres', 'SELECT pg_is_in_recovery()'), 'f', 'pg_createsubscriber makes a subscriber of a standby') or diag($said);
	$node->safe_psql('crm', q(INSERT INTO crm.customer VALUES (500, 'New', '0600000500'), (501, 'Newer', '0600000501')));
	$node->wait_for_catchup($standby->safe_psql('crm', 'SELECT subname FROM pg_subscription'));
	is($standby->safe_psql('crm', 'SELECT count(*) FROM crm.customer WHERE id >= 500'), 2, '... that gets new rows');
	is(as($standby, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 500'), mask_of(0), '... which are guarded there');
	is(as($standby, 'crm', 'anna', "SET application_name = 'sub'; SELECT phone FROM crm.customer WHERE id = 7"), phone_of(7), '... and shown');
	is(log_rows($standby, 'crm', "event = 'shown' AND application = 'sub'"), 1, '... with a record');
	as($node, 'crm', 'anna', "SET application_name = 'pub'; SELECT phone FROM crm.customer WHERE id = 7");
	is(log_rows($node, 'crm', "event = 'shown' AND application = 'pub'"), 1, 'the publisher has its own');
	$node->wait_for_catchup($standby->safe_psql('crm', 'SELECT subname FROM pg_subscription'));
	is($standby->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE application = 'pub'"), 0, '... which is not copied');
	$standby->safe_psql('crm', 'DROP SUBSCRIPTION ' . $standby->safe_psql('crm', 'SELECT subname FROM pg_subscription'));
	$standby->stop;
});

# A backup in two parts
since(17, 'incremental backups', 7, sub {
	$node->append_conf('postgresql.conf', 'summarize_wal = on');
	$node->restart;
	my ($full, $more, $whole) = map { $node->backup_dir . "/$_" } qw(full more whole);
	my @base = ('pg_basebackup', '-c', 'fast', '--no-sync', '-h', $node->host, '-p', $node->port, '-D');
	command_ok([ @base, $full ], 'a full backup');
	as($node, 'crm', 'anna', "SET application_name = 'between'; SELECT phone FROM crm.customer WHERE id = 12");
	is(log_rows($node, 'crm', "application = 'between' AND event = 'shown'"), 1, 'a read between them');
	command_ok([ @base, $more, '--incremental', "$full/backup_manifest" ], 'an incremental one');
	command_ok([ 'pg_combinebackup', '--no-sync', '-o', $whole, $full, $more ], 'together they are a whole one');
	my $copy = PostgreSQL::Test::Cluster->new('combined');
	$copy->init_from_backup($node, 'whole');
	$copy->start;
	is($copy->safe_psql('crm', "SELECT count(*) FROM contact_guard.access_log WHERE application = 'between' AND event = 'shown'"), 1, '... with the record');
	is(as($copy, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id IN (12, 42) ORDER BY id'), phone_of(12) . "\n" . mask_of(42), '... the policies');
	# If the stored position was not renewed since the read, the backup begins behind it, and nobody
	# can know that nothing was in between.
	is($copy->safe_psql('crm', q(SELECT count(*) = max(seq) + 1, count(DISTINCT seq) = count(*), coalesce(bool_and(reason ~ '^WAL from [^;]* is missing$') FILTER (WHERE event = 'gap'), true) FROM contact_guard.access_log)),
		't|t|t', '... a log without holes, which says what WAL the backup lacks, if any');
	$copy->stop;
});

# Each kind of input and output; io_uring only where the server was built with it and may use it
since(18, 'kinds of asynchronous input and output', 9, sub {
	foreach my $method (qw(sync worker io_uring))
	{
	  SKIP:
		{
			$node->append_conf('postgresql.conf', "io_method = $method");
			$node->stop;
			if (!$node->start(fail_ok => 1))
			{
				$node->append_conf('postgresql.conf', 'io_method = worker');
				$node->start;
				skip "no $method here", 3;
			}
			is(as($node, 'crm', 'anna', "SET application_name = '$method'; SELECT phone FROM crm.customer WHERE id IN (13, 42) ORDER BY id"), phone_of(13) . "\n" . mask_of(42), "io_method $method shows the same");
			is(log_rows($node, 'crm', "event = 'shown' AND application = '$method'"), 1, '... with a record');
			$node->safe_psql('crm', 'VACUUM ANALYZE crm.customer');
			is(as($node, 'crm', 'anna', 'SELECT count(DISTINCT phone) < 40 FROM crm.customer'), 't', '... and masks many');
		}
	}
});
ok(log_is_whole($node, 'crm'), 'the log is whole');
done_testing();
