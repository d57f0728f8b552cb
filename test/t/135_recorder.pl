# No input stops the recorder: messages, texts and settings of others; and what has
# nothing to do with an input it waits for, and loses nothing.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = guard_node('recorder', 'contact_guard.min_retention = 0', 'max_wal_size = 4GB');
make_roles($node);
make_crm($node, 'crm', 1000);
my $dir = PostgreSQL::Test::Utils::tempdir;
my $customer = 0;

sub status { return $node->safe_psql($_[1] // 'crm', "SELECT $_[0] FROM contact_guard.status()") }

# sync() that returns within a time, or says what it waits for.
sub syncs
{
	my ($dbname, $seconds) = @_;
	my ($out, $err) = as($node, $dbname, 'postgres', "SET statement_timeout = '${seconds}s'; SELECT contact_guard.sync()");
	diag($err) if $err =~ /ERROR/;
	return $err !~ /ERROR/;
}

# A read that is recorded, whatever came before.
sub goes_on
{
	my ($what) = @_;
	$customer = 1 + $customer % 20;
	my $before = log_rows($node, 'crm', "event = 'shown' AND actor = 'anna'");
	is(as($node, 'crm', 'anna', "SELECT phone FROM crm.customer WHERE id = $customer"), phone_of($customer), "$what: values are shown");
	ok(syncs('crm', 60), '... the recorder goes on');
	is(log_rows($node, 'crm', "event = 'shown' AND actor = 'anna'"), $before + 1, '... and the read is on record');
	return;
}

# What any role emits while the recorder waits for a lock, so that it must read it then.
sub emits
{
	my ($what, $rejected, @sql) = @_;
	my $before = status('rejected_messages');
	my $locker = lock_log($node, 'crm');
	# What is announced must be read, and what lies before it.
	as($node, 'crm', 'anna', $_) foreach 'SELECT phone FROM crm.customer WHERE id = 1', @sql;
	as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
	$locker->query('COMMIT');
	$locker->quit;
	goes_on($what);
	is(status('rejected_messages') - $before, $rejected, "... $rejected are rejected");
	return;
}

# Messages that no WAL reader can allocate, and others that are not ours
{
	my $emit = 'SELECT pg_logical_emit_message';
	emits('a message of nearly 1 GB', 0, "$emit(false, 'x', repeat('a', 1073741000)) IS NOT NULL");
	emits('a transactional one of 300 MB', 0, "$emit(true, 'contact_guard', repeat('a', 300000000)) IS NOT NULL");
	emits('a forged one of 200 MB', 1, "$emit(false, 'contact_guard', repeat('a', 200000000)) IS NOT NULL");
	# Just under the length at which a record is stepped over, and with what looks like a header
	emits('rubbish of our name, of any length', 1 + 101,
		"$emit(false, 'contact_guard', '\\x0200'::bytea || convert_to(repeat(chr(1), 16000000), 'UTF8')) IS NOT NULL",
		"$emit(false, 'contact_guard', substr('\\x0200000001'::bytea || sha256('x') || sha256('y') || sha256('z'), 1, n)) IS NOT NULL FROM generate_series(0, 100) n");
	emits('several of about the limit', 7, "$emit(false, 'contact_guard', repeat('a', 16777100 + 33 * n)) IS NOT NULL FROM generate_series(0, 6) n",
		"$emit(false, 'x', repeat('a', 16777100 + 40 * n)) IS NOT NULL FROM generate_series(0, 6) n");
	# At every offset of a page, so that headers are cut through
	emits('at any place of a page', 12, map { ("$emit(false, 'x', repeat('a', $_ * 696)) IS NOT NULL", "$emit(false, 'contact_guard', repeat('a', 17000000)) IS NOT NULL") } 1 .. 12);
	$node->restart;
	goes_on('the recorder that begins anew');
	# It is cut off: the server dies while it is being written
	{
		my $anna = session($node, 'crm', 'anna');
		$anna->{stdin} .= "SELECT pg_logical_emit_message(false, 'contact_guard', repeat('a', 1000000000));\n";
		$anna->{run}->pump_nb;
		usleep(900_000);
		kill_server($node);
		eval { $anna->quit };
	}
	slow_start($node);
	goes_on('a message that a crash cut off, perhaps');
	is(log_rows($node, 'crm', "event = 'gap'"), 0, 'none of this is a gap');
}

# A message of ours is never longer than the recorder reads
{
	my $before = log_rows($node, 'crm', "event = 'policy'");
	$node->safe_psql('crm', join '', 'BEGIN;', "SET client_min_messages = error;",
		(map { "SELECT contact_guard.hold('" . $_ . "', repeat('because ', 1500));" } 1 .. 3), 'COMMIT');
	$node->safe_psql('crm', 'BEGIN; ' . "SELECT contact_guard.allow('eve', 'p' || repeat('q', 70000), level => 'recorded');" x 400 . 'COMMIT');
	is(log_rows($node, 'crm', "event = 'policy'"), $before + 3 + 400, 'a transaction with 3 MB of policy records: all are there');
	is($node->safe_psql('crm', "SELECT max(length(reason)) <= 8000 FROM contact_guard.access_log"), 't', '... and bounded');
	$node->safe_psql('crm', "SELECT contact_guard.disallow('eve'); SELECT contact_guard.release_hold(n::text) FROM generate_series(1, 3) n");
	as($node, 'crm', 'dispatcher', 'SELECT count(DISTINCT phone) FROM crm.customer');
	ok(log_is_whole($node, 'crm'), 'the log is whole');
}

# Texts
{
	my $long = 'x' x 60_000_000;
	append_to_file("$dir/long.sql", qq(SELECT phone AS "$long" FROM crm.customer WHERE id = 500;\n));
	append_to_file("$dir/more.sql", join '', 'SELECT phone, ', join(', ', map { qq("phone" AS "c$_") } 1 .. 1500), " FROM crm.customer WHERE id = 501;\n",
		"SELECT phone, '" . 'lorem ' x 200_000 . "' FROM crm.customer WHERE id = 502;\n",
		"SELECT phone, '" . 'lorem ' x 20_000 . "' AS after FROM crm.customer WHERE id = 503;\n",
		"/* " . 'ipsum ' x 20_000 . " */ SELECT phone FROM crm.customer WHERE id = 504;\n");
	my $wal = $node->safe_psql('crm', 'SELECT pg_current_wal_insert_lsn()');
	$node->psql('crm', undef, extra_params => [ '-U', 'anna', '-f', "$dir/long.sql" ]);
	cmp_ok($node->safe_psql('crm', "SELECT pg_current_wal_insert_lsn() - '$wal'"), '<', 1_000_000, 'an identifier of 60 MB is not journaled');
	$node->psql('crm', undef, extra_params => [ '-U', 'anna', '-f', "$dir/more.sql" ]);
	ok(syncs('crm', 60), '... the recorder goes on');
	my %text = map { split /\|/, $_, 2 } split /\n/, $node->safe_psql('crm', "SELECT customer, query FROM contact_guard.access_log WHERE customer::int BETWEEN 500 AND 504 ORDER BY seq");
	is($text{500}, 'SELECT phone AS ...', '... nor kept');
	cmp_ok(length $text{501}, '<', 11_000, 'a long list is cut');
	is($text{502}, 'SELECT phone, ...', 'what a long literal says is not shown, nor what may be its end');
	is($text{503}, 'SELECT phone, ...', '... of any length beyond what is looked at');
	# PostgreSQL 18 says that the statement begins behind it.
	is($text{504}, $node->pg_version->major < 18 ? '...' : 'SELECT phone FROM crm.customer WHERE id = $1', 'nor a comment');
	foreach my $case (
		[ "/* it\\'s */ SELECT phone FROM crm.customer WHERE id = 510", 'SELECT phone FROM crm.customer WHERE id = $1', 'a comment with a backslash and a quote' ],
		[ "SELECT phone -- \\'\n FROM crm.customer WHERE id = 511", 'SELECT phone FROM crm.customer WHERE id = $1', '... of the other kind' ],
		[ "SELECT phone, E'it\\'s' FROM crm.customer WHERE id = 512", 'SELECT phone, $1 FROM crm.customer WHERE id = $2', 'an E literal with one' ],
		[ "SELECT phone, 'secret\\', 'b\\' FROM crm.customer WHERE id = 513", 'SELECT phone, $1 <not normalised>', 'what means two things is shown as far as both agree' ])
	{
		as($node, 'crm', 'anna', $case->[0]);
		my ($id) = $case->[0] =~ /(\d+)$/;
		is($node->safe_psql('crm', "SELECT contact_guard.sync()") . $node->safe_psql('crm', "SELECT query FROM contact_guard.access_log WHERE customer = '$id' AND actor = 'anna'"), $case->[1], $case->[2]);
	}
	$node->safe_psql('postgres', 'CREATE DATABASE keys');
	$node->safe_psql('keys', "SET client_min_messages = error; CREATE EXTENSION contact_guard; CREATE TABLE texts (id text PRIMARY KEY, phone text); GRANT SELECT ON texts TO PUBLIC;
		INSERT INTO texts SELECT repeat(n::text || '\x{c3}\x{a9}', 300 * n), '1' FROM generate_series(1, 3) n;
		SELECT contact_guard.protect('texts', 'id', '{phone}'); SELECT contact_guard.allow('dispatcher', 'x')");
	as($node, 'keys', 'dispatcher', 'SELECT phone FROM texts');
	ok(syncs('keys', 60), 'keys that are longer than an index takes');
	is($node->safe_psql('keys', 'SELECT count(*) FROM texts t WHERE EXISTS (SELECT FROM contact_guard.who_read(t.id) WHERE event = \'shown\')'), 3,
		'who_read() finds them by the key as it is');
	$node->safe_psql('keys', "SELECT contact_guard.hold(id, 'x') FROM texts WHERE id LIKE '3%'; SELECT contact_guard.release_hold(id) FROM texts WHERE id LIKE '3%'");
	# The same relation's name, whatever the session quotes
	as($node, 'crm', 'anna', "SET quote_all_identifiers = on; SELECT phone FROM crm.customer WHERE id = 520");
	is(log_rows($node, 'crm', "customer = '520' AND actor = 'anna' AND relation = 'crm.customer'"), 1, 'quote_all_identifiers does not change a record');
	as($node, 'crm', 'postgres', "SET quote_all_identifiers = on; SELECT count(*) FROM contact_guard.log WHERE customer = 'quoted'");
	is(log_rows($node, 'crm', q(event = 'audit_read' AND relation ~ '"')), 0, '... nor that of reading the log');
	as($node, 'crm', 'postgres', qq(BEGIN; SELECT contact_guard.act_as(repeat('\x{e2}\x{82}\x{ac}', 85)); SELECT phone FROM crm.customer WHERE id = 521; COMMIT));
	is(log_rows($node, 'crm', "customer = '521' AND actor = repeat('\x{e2}\x{82}\x{ac}', 85)"), 1, 'an actor of 255 bytes is whole');
}

# Settings of the database and of the recorder's role; sessions that were there before read and look.
my ($anna, $watcher) = (session($node, 'crm', 'anna'), session($node, 'crm', 'postgres'));

sub comes_through
{
	my ($id) = @_;
	my $before = $watcher->query("SELECT count(*) FROM contact_guard.log WHERE customer = '$id'");
	$watcher->query("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder'");
	$anna->query("SELECT phone FROM crm.customer WHERE id = $id");
	foreach (1 .. 150)
	{
		return 1 if $watcher->query("SELECT count(*) FROM contact_guard.log WHERE customer = '$id'") > $before;
		usleep(100_000);
	}
	diag($watcher->query('SELECT recorder FROM contact_guard.status()'));
	return 0;
}

my @settings = ('default_transaction_read_only = on', "default_transaction_isolation = 'serializable'", 'default_transaction_deferrable = on',
	"search_path = 'crm'", 'statement_timeout = 1', 'lock_timeout = 1', 'idle_in_transaction_session_timeout = 1', "role = 'eve'",
	"session_authorization = 'eve'", "session_replication_role = 'replica'", 'row_security = off',
	"default_toast_compression = 'lz4'", "DateStyle = 'SQL, DMY'", "TimeZone = 'Pacific/Apia'", "client_encoding = 'LATIN1'",
	"bytea_output = 'escape'", 'standard_conforming_strings = off', 'quote_all_identifiers = on', 'transform_null_equals = on',
	'max_stack_depth = 100', 'temp_file_limit = 0', 'array_nulls = off', 'exit_on_error = on',
	"restrict_nonsystem_relation_kind = 'view'", 'transaction_read_only = on', "transaction_isolation = 'serializable'", 'work_mem = 64');
my $set = sub { my ($settings) = @_;
	return grep { $watcher->query("ALTER DATABASE crm SET $_; ALTER ROLE postgres SET $_; ALTER ROLE postgres IN DATABASE crm SET $_"); $watcher->{stderr} !~ /ERROR/ } @$settings };
foreach my $setting (@settings)
{
	$set->([ $setting ]);
	ok(comes_through(600), "$setting: a read is recorded");
	$watcher->query('ALTER DATABASE crm RESET ALL; ALTER ROLE postgres RESET ALL; ALTER ROLE postgres IN DATABASE crm RESET ALL');
}
# Those of the server, and a new month: what makes a table is asked more
$node->append_conf('postgresql.conf', join "\n", map { s/=/= /r } grep { !/^(role|session_auth|transaction_(read|iso)|exit_on|client_enc|max_stack)/ } @settings);
$node->append_conf('postgresql.conf', "default_table_access_method = 'nosuch'\ndefault_tablespace = 'nosuch'\ntemp_tablespaces = 'nosuch'");
$watcher->query("BEGIN; SET TRANSACTION READ WRITE; CREATE FUNCTION public.refuse() RETURNS event_trigger LANGUAGE plpgsql AS \$\$ BEGIN RAISE 'no commands today'; END \$\$;
	CREATE EVENT TRIGGER refuse ON ddl_command_start EXECUTE FUNCTION public.refuse(); ALTER EVENT TRIGGER refuse ENABLE ALWAYS; COMMIT");
my $reading = 'SET default_transaction_read_only = off; SET statement_timeout = 0; SET lock_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET row_security = on';
$watcher->query($reading);
$anna->query($reading);
$node->reload;
usleep(500_000);
ok(comes_through(601), 'all of them in postgresql.conf, and an event trigger: a read is recorded');
$anna->quit;
$watcher->quit;
$node->stop;

# A database of each kind, with bytes that it does not define
my $plain = guard_node('encodings');
make_roles($plain);
foreach my $case (
	[ 'win', 'WIN1252', "\x81", '\\x81' ],
	[ 'euc', 'EUC_JP', "\xa9\xa1", '\\xa9\\xa1' ],
	[ 'latin', 'LATIN1', "\x81", undef ],
	[ 'latin7', 'ISO_8859_7', "\xff", '\\xff' ],
	[ 'ascii', 'SQL_ASCII', "\xc3\x28", undef ],
	[ 'utf', 'UTF8', "\xc3\xa9", undef ])
{
	my ($db, $encoding, $bytes, $escaped) = @$case;
	$plain->safe_psql('postgres', "CREATE DATABASE $db ENCODING '$encoding' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
	append_to_file("$dir/$db.sql", qq(SET client_min_messages = error; SET client_encoding = '$encoding'; CREATE EXTENSION contact_guard;
		CREATE TABLE c (id text PRIMARY KEY, "p$bytes" text); INSERT INTO c VALUES ('k$bytes', 'S1'), ('plain', 'S2'); GRANT SELECT ON c TO PUBLIC;
		SELECT contact_guard.protect('c', 'id', '{p$bytes}');
		SELECT contact_guard.allow('dispatcher', 'why $bytes');
		SET ROLE dispatcher;
		SELECT "p$bytes" AS "a$bytes" FROM c; -- $bytes
		SELECT 1 AS "b$bytes", "p$bytes" FROM c WHERE id = 'k$bytes';
		SELECT "p$bytes" FROM c WHERE id = 'plain';
		RESET ROLE;
		SELECT contact_guard.sync();
	));
	my ($out, $err);
	$plain->psql($db, undef, stdout => \$out, stderr => \$err, timeout => 60, timed_out => \my $late, extra_params => [ '-f', "$dir/$db.sql" ]);
	ok(!$late, "$encoding: the recorder goes on") or diag($err);
	is($plain->safe_psql($db, "SELECT count(*) FROM contact_guard.log WHERE event = 'shown'"), 4, '... and all reads are on record');
	is($plain->safe_psql($db, "SELECT count(*) FROM contact_guard.log WHERE event = 'gap'"), 0, '... without a gap');
	is($plain->safe_psql($db, q(SELECT count(*) FROM contact_guard.log WHERE sha256('\x00'::bytea || contact_guard.leaf(seq))
		IS DISTINCT FROM substr(contact_guard.tile(0, 0), seq::int * 32 + 1, 32))), 0, '... by SQL each row is its leaf');
	is($plain->safe_psql($db, "SELECT count(*) FROM contact_guard.access_log WHERE customer LIKE E'k\\\\\\\\$_%' OR purpose LIKE E'%\\\\\\\\$_%'"), 4, '... bytes that are no letters are spelled out')
	  foreach map { s/^\\//r } grep { defined } substr($escaped // '', 0, 4) || ();
}
# A role's name is in the encoding of the database that it was made in.
$plain->safe_psql('latin', "SET client_encoding = 'LATIN1'; CREATE ROLE \"caf\xe9\" LOGIN; GRANT contact_guard_proxy TO \"caf\xe9\"");
append_to_file("$dir/role.sql", "SELECT \"p\xc3\xa9\" FROM c WHERE id = 'plain';\n");
$plain->psql('utf', undef, extra_params => [ '-U', "caf\xe9", '-f', "$dir/role.sql" ]);
is($plain->safe_psql('utf', "SET statement_timeout = '60s'; SELECT contact_guard.sync()"), '', 'a reader whose name is no text in this database');
is($plain->safe_psql('utf', q(SELECT count(*) FROM contact_guard.access_log WHERE actor = 'caf\xe9' AND login = 'caf\xe9' AND event = 'withheld')), 1, '... is on record');
{
	local $ENV{PGAPPNAME} = "app\xe9\x81" x 20;
	$plain->psql('utf', "SELECT * FROM c WHERE id = 'plain'", extra_params => [ '-U', 'anna' ]);
}
is($plain->safe_psql('utf', "SET statement_timeout = '60s'; SELECT contact_guard.sync()"), '', 'an application of such a name');
is($plain->safe_psql('utf', "SELECT count(*) FROM contact_guard.access_log WHERE actor = 'anna' AND event = 'withheld'"), 1, '... is on record');

# What nobody foresaw: an index whose expression fails on one record, made while the library was away
{
	my $month = $plain->safe_psql('utf', "SELECT relname FROM pg_class WHERE relnamespace = 'contact_guard'::regnamespace AND relkind = 'r' AND relname ~ to_char(now() AT TIME ZONE 'UTC', '\"^log_\"YYYY_MM')");
	$plain->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
	$plain->restart;
	$plain->safe_psql('utf', "CREATE INDEX poison ON contact_guard.$month ((1 / (length(actor) - 3)))");
	$plain->adjust_conf('postgresql.conf', 'shared_preload_libraries', "'contact_guard'");
	$plain->restart;
	$plain->safe_psql('utf', "SET client_min_messages = error; SELECT contact_guard.allow('eve', 'seven77')");
	as($plain, 'utf', 'dispatcher', "SELECT * FROM c WHERE id = 'plain'");
	as($plain, 'utf', 'eve', "SELECT * FROM c WHERE id = 'plain'");
	as($plain, 'utf', 'dispatcher', "SELECT * FROM c WHERE id = 'plain'");
	is($plain->safe_psql('utf', "SET statement_timeout = '120s'; SELECT contact_guard.sync()"), '', 'a record that cannot be stored');
	is($plain->safe_psql('utf', "SELECT count(*) FROM contact_guard.access_log WHERE event = 'gap' AND reason LIKE '%SQLSTATE 22012%journal_passed'"), 1, '... is passed, with a record');
	is($plain->safe_psql('utf', "SELECT count(*), bool_and(length = length(message) AND sha256 = sha256(message)), bool_and(position('seven77'::bytea IN message) > 0) FROM contact_guard.journal_passed"), '1|t|t', '... its bytes are kept');
	is($plain->safe_psql('utf', "SELECT count(*) FROM contact_guard.access_log WHERE actor = 'dispatcher' AND query LIKE 'SELECT * FROM c%'"), 2, '... and those before and after it are on record');
	is($plain->safe_psql('utf', "SELECT problems::text LIKE '%records are missing%' FROM contact_guard.status()"), 't', '... status() says so');
	my ($out, $err) = as($plain, 'utf', 'anna', 'SELECT * FROM contact_guard.journal_passed');
	is(state_of($err), '42501', '... and is not for everybody');
	$plain->safe_psql('utf', "SELECT contact_guard.disallow('eve')");
	as($plain, 'utf', 'anna', "SELECT * FROM c WHERE id = 'plain'") foreach 1 .. 3;
}

# What is no input: no space for the table, and a lock
SKIP:
{
	skip 'no small filesystem: test/run mounts one when it is root', 4 if !$ENV{CG_SMALL_WAL};
	my $oid = $plain->safe_psql('postgres', "SELECT oid FROM pg_database WHERE datname = 'utf'");
	my $all = $plain->safe_psql('utf', 'SELECT contact_guard.sync(); SELECT count(*) FROM contact_guard.log') =~ s/\s//gr;
	$plain->stop;
	my ($base, $small) = ($plain->data_dir . "/base/$oid", "$ENV{CG_SMALL_WAL}/base");
	system('cp', '-r', $base, $small) == 0 or die;
	system('mv', $base, "$base.old") == 0 or die;
	symlink $small, $base or die;
	$plain->start;
	$plain->safe_psql('utf', "SELECT count(*) FROM pg_class; SELECT 1");
	as($plain, 'utf', 'anna', "SELECT * FROM c WHERE id = 'plain'");
	system("dd if=/dev/zero of=$ENV{CG_SMALL_WAL}/ballast bs=1M >/dev/null 2>&1; dd if=/dev/zero of=$ENV{CG_SMALL_WAL}/more bs=1k >/dev/null 2>&1");
	my $reads = 0;
	my $reader = session($plain, 'utf', 'dispatcher');
	$reader->query('SET client_min_messages = error');
	for my $n (1 .. 400)
	{
		$reads++ if $reader->query("SELECT *, '" . 'x' x 100 . "' AS \"" . "y$n" x 500 . "\" FROM c WHERE id = 'plain'") =~ /S2/;
	}
	$reader->quit;
	my $waits = 0;
	foreach (1 .. 100)
	{
		last if ($waits = slurp_file($plain->logfile) =~ /could not extend file .*No space left on device/);
		usleep(100_000);
	}
	ok($waits, 'without space for the log the recorder waits');
	unlink "$ENV{CG_SMALL_WAL}/ballast", "$ENV{CG_SMALL_WAL}/more";
	is($plain->safe_psql('utf', "SET statement_timeout = '120s'; SELECT contact_guard.sync()"), '', '... and goes on with space');
	is($plain->safe_psql('utf', q(SELECT count(*) FROM contact_guard.access_log WHERE actor = 'dispatcher' AND query LIKE '%AS "y%')), $reads, '... with every record') or diag($reads);
	is($plain->safe_psql('utf', "SELECT count(*) FROM contact_guard.journal_passed"), 1, '... and none is passed');
}
$plain->stop;
done_testing();
