# The door: what is on its way to the client when things happen.  A value never
# comes before its record is durable, messages keep their order, and neither
# debug messages nor cancels nor errors nor size bring the server down.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);

my $rows = 300_000;
my $node = guard_node('door', 'max_wal_size = 48MB', 'min_wal_size = 32MB', 'restart_after_crash = on',
	'checkpoint_timeout = 30s', 'contact_guard.copies = record');
make_roles($node);
make_crm($node, 'crm', $rows);
$node->safe_psql('crm', q(
	CREATE EXTENSION pg_walinspect;
	GRANT CREATE ON SCHEMA crm TO anna, dispatcher;
	CREATE TABLE crm.wide (id bigint PRIMARY KEY, note text);
	INSERT INTO crm.wide SELECT i, repeat('0123456789', 20000) FROM generate_series(1, 30) i;
	GRANT SELECT ON crm.wide TO anna;
	SET client_min_messages = error;
	SELECT contact_guard.protect('crm.wide', customer => 'id', columns => '{note}')));
my $postmaster = $node->safe_psql('crm', 'SELECT pg_postmaster_start_time()');
my $log_offset = 0;

sub still_there
{
	my ($what) = @_;
	my $log = slurp_file($node->logfile, $log_offset);
	$log_offset = -s $node->logfile;
	unlike($log, qr/PANIC|TRAP|terminated by signal|reinitializing/, "$what: the server has not crashed");
	return;
}

# Is there a record of customer, shown to user in a session of that name?
sub shown_rows
{
	my ($application, $more) = @_;
	return log_rows($node, 'crm', "event = 'shown' AND application = '$application'" . ($more ? " AND $more" : ''));
}

# Durable first: of every record the newest is flushed once the client has its value.
{
	my $anna = session($node, 'crm', 'anna');
	my $admin = session($node, 'crm', 'postgres');
	$anna->query('SET synchronous_commit = off');
	my ($late, $none) = (0, 0);
	foreach my $i (1 .. 100)
	{
		my $before = $admin->query('SELECT pg_current_wal_insert_lsn()');
		my $value = $anna->query('SELECT phone FROM crm.customer WHERE id = ' . (1 + $i % 20));
		my $flushed = $admin->query('SELECT pg_current_wal_flush_lsn()');
		# Nothing else happens here, so the message is the one after $before.
		my $records = $node->pg_version->major >= 16 ? "pg_get_wal_records_info('$before', 'FFFFFFFF/FFFFFFFF')"
		  : "pg_get_wal_records_info_till_end_of_wal('$before')";
		my $end = $admin->query("SELECT max(end_lsn) FROM $records
			WHERE resource_manager = 'LogicalMessage'");
		$none++ if $end eq '';
		$late++ if $end ne '' && $admin->query("SELECT '$end'::pg_lsn > '$flushed'::pg_lsn") eq 't';
	}
	is($none, 0, 'each of 100 reads has written a message');
	is($late, 0, 'which was flushed when its value had come');
	$_->quit foreach $anna, $admin;
}

# debug5, across WAL switches and checkpoints
foreach my $user (qw(anna dispatcher))
{
	my $may = $user eq 'anna' ? 'WHERE id <= 20' : '';
	my ($out, $err) = as($node, 'crm', $user, qq(
		SET application_name = 'debug $user';
		SET client_min_messages = debug5;
		SELECT phone FROM crm.customer WHERE id = 1;
		CREATE TABLE crm.stored_$user AS SELECT id, phone, repeat('x', 100) AS filler FROM crm.customer $may;
		INSERT INTO crm.stored_$user SELECT g, 'x', repeat('y', 900) FROM generate_series(1, 60000) g;
		SELECT phone FROM crm.customer WHERE id <= 20 ORDER BY id;
		INSERT INTO crm.stored_$user SELECT g, 'x', repeat('y', 900) FROM generate_series(1, 30000) g;
		SELECT id, phone FROM crm.customer $may ORDER BY id LIMIT 2000;
		SELECT 'last';
	));
	is((split /\n/, $out)[0], phone_of(1), "debug5: $user sees the first value");
	like($out, qr/\nlast$/, '... and gets to the last statement');
	unlike($err, qr/ERROR|FATAL|lost synchronization|server closed/, '... without an error');
	like($err, qr/DEBUG/, '... with debug messages');
	is(scalar(() = $out =~ /^\d+\|06\d{8}$/mg), $user eq 'anna' ? 20 : 2000, '... and all rows');
	is(shown_rows("debug $user", "statement = 1"), 1, '... the first is on record');
	still_there("debug5 as $user");
	$node->safe_psql('crm', "CHECKPOINT; DROP TABLE crm.stored_$user");
}

# Notices between rows: each where it belongs
{
	$node->safe_psql('crm', q(CREATE FUNCTION crm.say(text) RETURNS text VOLATILE LANGUAGE plpgsql
		AS $$BEGIN RAISE NOTICE 'saw %', $1; RETURN $1; END$$));
	my ($out, $err) = as($node, 'crm', 'anna', 'SELECT crm.say(phone) FROM crm.customer WHERE id <= 5 ORDER BY id');
	is($out, join("\n", map { phone_of($_) } 1 .. 5), 'rows with notices between them');
	is(scalar(() = $err =~ /saw 06/g), 5, 'and the notices');
}

# A big result, in bounded memory
{
	my $session = session($node, 'crm', 'dispatcher');
	my $pid = $session->query("SET application_name = 'big'; SELECT pg_backend_pid()");
	$session->query('SELECT phone FROM crm.customer WHERE id = 1');
	my $rss = sub { slurp_file("/proc/$pid/status") =~ /RssAnon:\s+(\d+)/ ? $1 : die };
	my $before = $rss->();
	my $file = PostgreSQL::Test::Utils::tempdir . '/big.out';
	$session->query("\\o $file\nSELECT id, phone FROM crm.customer;\n\\o");
	my $after = $rss->();
	my @lines = split /\n/, slurp_file($file);
	is(scalar @lines, $rows, 'the dispatcher reads all');
	is(scalar(grep { !/^(\d+)\|(\d+)$/ || phone_of($1) ne $2 } @lines), 0, 'and every value is right');
	cmp_ok($after - $before, '<', 60_000, 'which takes no more than 60 MB') or diag("$before kB, $after kB");
	is(shown_rows('big', 'statement = (SELECT max(statement) FROM contact_guard.access_log WHERE application = \'big\')'),
		$rows, 'and every one is on record');
	$session->quit;
}

# Messages over 64 kB
{
	my ($out, $err) = as($node, 'crm', 'anna', "SET application_name = 'wide'; SELECT id, note FROM crm.wide WHERE id <= 22 ORDER BY id");
	my @lines = split /\n/, $out;
	is(scalar(grep { length > 200_000 } @lines), 20, 'rows of 200 kB come whole');
	is(join(' ', map { /^(\d+)/ } @lines), join(' ', 1 .. 22), 'in order');
	is(shown_rows('wide'), 20, 'and are on record');
}

# Cursors: a FETCH is an execution of its own
{
	my $anna = session($node, 'crm', 'anna');
	$anna->query("SET application_name = 'cursor'; BEGIN; DECLARE c CURSOR FOR SELECT id, phone FROM crm.customer WHERE id <= 20 ORDER BY id");
	is($anna->query('FETCH 2 FROM c'), '1|' . phone_of(1) . "\n2|" . phone_of(2), 'FETCH');
	is(shown_rows('cursor'), 2, 'two rows are on record');
	is(scalar(split /\n/, $anna->query('FETCH ALL FROM c')), 18, 'FETCH ALL');
	$anna->query('ROLLBACK');
	is(shown_rows('cursor'), 20, 'all are on record');
	$anna->quit;
}

# The extended protocol, and prepared statements
{
	my $file = PostgreSQL::Test::Utils::tempdir . '/read.sql';
	append_to_file($file, "\\set id random(1, 20)\nSELECT phone FROM crm.customer WHERE id = :id \\gset\n"
		  . "\\set wrong debug(:phone)\n");
	foreach my $mode (qw(simple extended prepared))
	{
		local $ENV{PGAPPNAME} = "mode $mode";
		my ($out, $err);
		ok(IPC::Run::run([ $node->installed_command('pgbench'), '-n', '-c', 2, '-t', 100, '-M', $mode, '-f', $file, '-U', 'anna',
				'-h', $node->host, '-p', $node->port, 'crm' ], '>', \$out, '2>', \$err), "pgbench -M $mode");
		is(scalar(() = $err =~ /int 6000000\d\d\b|int 6\d{8}\b/g), 200, '... gets values');
		is(shown_rows("mode $mode"), 200, '... each on record');
	}
}

# COPY TO STDOUT
{
	my ($out, $err) = as($node, 'crm', 'anna', "SET application_name = 'copy'; COPY (SELECT id, phone FROM crm.customer WHERE id <= 20 ORDER BY id) TO STDOUT");
	is($out, join("\n", map { "$_\t" . phone_of($_) } 1 .. 20), 'COPY TO STDOUT');
	is(shown_rows('copy'), 20, 'is on record');
}

# An error in the middle of the rows
{
	my $anna = session($node, 'crm', 'anna');
	$anna->query("SET application_name = 'error'");
	$anna->{stderr} = '';
	# Nine rows, and in the tenth the phone is read before the division.
	my $out = $anna->query('SELECT id, phone, 1 / (10 - id) > 5 FROM crm.customer WHERE id <= 20 ORDER BY id');
	is(state_of($anna->{stderr}), '22012', 'an error in the middle of a result');
	is(shown_rows('error'), 10, 'what was read until then is on record') or diag($out);
	is($anna->query('SELECT phone FROM crm.customer WHERE id = 11'), phone_of(11), 'the session goes on');
	$anna->{stderr} = '';
	$anna->query('\set FETCH_COUNT 1');
	$out = $anna->query('SELECT id, phone, 1 / (10 - id) > 5 FROM crm.customer WHERE id <= 20 ORDER BY id');
	is(scalar(() = $out =~ /^\d+\|06/mg), 9, 'row by row, those before it come');
	is(state_of($anna->{stderr}), '22012', '... then the error');
	$anna->query('\set FETCH_COUNT 0');
	$anna->{stderr} = '';
	is($anna->query('SELECT 1; SELECT phone FROM crm.customer WHERE id = 12; SELECT 2'), "1\n" . phone_of(12) . "\n2", 'the session is in step');
	is($anna->{stderr}, '', 'without errors');
	$anna->quit;
}

# statement_timeout, cancel and terminate, in the middle of a slow result
{
	my $slow = 'SELECT id, phone, pg_sleep(0.02) FROM crm.customer WHERE id <= 20 ORDER BY id';
	my $anna = session($node, 'crm', 'anna');
	my $admin = session($node, 'crm', 'postgres');
	my $pid = $anna->query("SET application_name = 'timeout'; SET statement_timeout = '150ms'; SELECT pg_backend_pid()");
	$anna->{stderr} = '';
	$anna->query($slow);
	is(state_of($anna->{stderr}), '57014', 'statement_timeout');
	$anna->query("SET statement_timeout = 0");
	my $n = shown_rows('timeout');
	ok($n > 1 && $n < 20, 'what was read is on record') or diag($n);
	foreach my $end (qw(cancel terminate))
	{
		$anna->query("SET application_name = '$end'");
		$anna->{stderr} = '';
		my $finish = session($node, 'crm', 'postgres');
		$finish->{stdin} .= "SELECT pg_sleep(0.15); SELECT pg_${end}_backend($pid);\n";
		$finish->{run}->pump_nb;
		my $out = eval { $anna->query($slow) } // '';
		is(state_of($anna->{stderr}), { cancel => '57014', terminate => '57P01' }->{$end}, "pg_${end}_backend");
		$n = shown_rows($end);
		ok($n > 1 && $n < 20, 'what was read is on record') or diag($n);
		is($anna->query('SELECT phone FROM crm.customer WHERE id = 13'), phone_of(13), 'the session goes on') if $end eq 'cancel';
		eval { $finish->quit };
	}
	eval { $anna->quit };
	# Often and at any moment: again if each of them came between two statements.  Into a
	# file, since a session that waits for a pipe is not cancelled.
	my $file = PostgreSQL::Test::Utils::tempdir . '/victim';
	my $err = '';
	foreach (1 .. 5)
	{
		my $run = IPC::Run::start([ $node->installed_command('psql'), '-XAtq', '-U', 'dispatcher', '-d', $node->connstr('crm'),
				'-c', "SET application_name = 'victim'", ('-c', 'SELECT id, phone FROM crm.customer LIMIT 20000') x 30, '-c', "SELECT 'end'" ],
			'>', $file, '2>', \$err);
		for (1 .. 60)
		{
			$admin->query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'victim'");
			last if !$run->pumpable;
			eval { $run->pump_nb };
			usleep(15_000);
		}
		eval { $run->finish };
		last if $err =~ /canceling statement/;
	}
	my $out = slurp_file($file);
	like($out, qr/^end$/m, 'a session that is cancelled often gets to its end');
	is(scalar(grep { /^(\d+)\|(.*)$/ && phone_of($1) ne $2 } split /\n/, $out), 0, 'with nothing but values');
	like($err, qr/canceling statement/, 'it was cancelled');
	unlike($err, qr/FATAL|synchronization|server closed/, 'and no worse');
	still_there('cancel');
	$admin->quit;
}

# A client that goes away in the middle
{
	my $run = IPC::Run::start([ $node->installed_command('psql'), '-XAtq', '-U', 'dispatcher', '-d', $node->connstr('crm'),
			'-c', "SET application_name = 'gone'", '-c', 'SELECT id, phone FROM crm.customer, generate_series(1, 20)' ],
		'>', '/dev/null', '2>', '/dev/null');
	$node->poll_query_until('crm', "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'gone' AND state = 'active' AND query ~ 'phone'");
	usleep(100_000);
	$run->signal('KILL');
	eval { $run->finish };
	ok($node->poll_query_until('crm', "SELECT count(*) = 0 FROM pg_stat_activity WHERE application_name = 'gone'"),
		'a session whose client is gone ends');
	cmp_ok(shown_rows('gone'), '>', 0, 'with its records');
	still_there('client gone');
}

is($node->safe_psql('crm', 'SELECT pg_postmaster_start_time()'), $postmaster, 'one server all along');
ok(log_is_whole($node, 'crm'), 'the log is whole');
is($node->safe_psql('crm', 'SELECT rejected_messages FROM contact_guard.status()'), 0, 'no message was rejected');
$node->stop;
done_testing();
