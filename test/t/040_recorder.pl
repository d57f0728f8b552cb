# The recorder and the launcher may be ended, killed or stuck at any time: each
# record comes into the log once, and readers go on up to max_backlog.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);

my $node = guard_node('recorder', 'restart_after_crash = on');
make_roles($node);
make_crm($node, 'crm', 1000);
my $reads = PostgreSQL::Test::Utils::tempdir . '/reads.sql';
append_to_file($reads, "\\set id random(1, 20)\nSELECT phone FROM crm.customer WHERE id = :id;\n");

sub worker { my ($what) = @_; return $node->safe_psql('crm',
	"SELECT pid FROM pg_stat_activity WHERE backend_type = 'contact_guard $what'") }

sub wait_for_worker
{
	my ($what) = @_;
	$node->poll_query_until('crm',
		"SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'contact_guard $what'");
	return worker($what);
}

# Reads in the background.
sub start_reads
{
	my ($count, $application) = @_;
	local $ENV{PGAPPNAME} = $application;
	return IPC::Run::start([ $node->installed_command('pgbench'), '-n', '-c', 2, '-t', $count, '-f', $reads,
			'-U', 'anna', '-h', $node->host, '-p', $node->port, 'crm' ], '>', \my $out, '2>', \my $err);
}

sub shown { return log_rows($node, 'crm', "event = 'shown' AND application = '$_[0]'") }

# An ordinary end, again and again: as many readers as that takes
{
	my ($ended, $finished, $rounds) = (0, 0, 0);
	while ($ended < 5 && $rounds < 50)
	{
		my $run = start_reads(1000, 'terminated');
		while ($run->pumpable)
		{
			$ended += $node->safe_psql('crm', "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
				WHERE backend_type = 'contact_guard recorder'");
			$run->pump_nb;
			usleep(20_000);
		}
		$finished++ if $run->finish;
		$rounds++;
	}
	is($finished, $rounds, 'readers go on while the recorder is ended');
	cmp_ok($ended, '>', 4, 'it was ended several times');
	is(shown('terminated'), 2000 * $rounds, 'each of their records is in the log exactly once');
	ok(log_is_whole($node, 'crm'), 'the log is whole');
}

# kill -9 of the recorder makes the server restart
{
	my $anna = session($node, 'crm', 'anna');
	$anna->query('SET application_name = killed; SELECT phone FROM crm.customer WHERE id = 1') foreach 1 .. 50;
	kill 'KILL', worker('recorder');
	eval { $anna->quit };
	usleep(200_000);
	# Nothing to write: a psql that cannot connect has gone, and IPC::Run dies of that.
	$node->poll_query_until('crm', undef, '') or die 'the server did not come back';
	is(shown('killed'), 50, 'after kill -9 of the recorder, too');
	ok(log_is_whole($node, 'crm'), 'the log is whole');
}

# Stuck behind a lock
{
	my $locker = session($node, 'crm', 'postgres');
	log_rows($node, 'crm', 'true');
	# The partition exists by now; the query locks it as a whole.
	$locker->query('BEGIN; LOCK TABLE contact_guard.query_text, contact_guard.log IN EXCLUSIVE MODE');
	my $run = start_reads(250, 'stuck');
	ok($run->finish, 'readers go on while the recorder is stuck');
	cmp_ok($node->safe_psql('crm', 'SELECT lag_bytes FROM contact_guard.status()'), '>', 10000,
		'status() shows the lag');
	$locker->query('COMMIT');
	is(shown('stuck'), 500, 'the recorder catches up');
	# The look at the log was a record, too, for which nobody has waited.
	ok($node->poll_query_until('crm', 'SELECT lag_bytes = 0 FROM contact_guard.status()'), 'status() shows no lag');
	is($node->safe_psql('crm', 'SELECT recorder FROM contact_guard.status()'), 'running', 'status(): running');

	# A backlog over the limit
	$node->append_conf('postgresql.conf', 'contact_guard.max_backlog = 64kB');
	$node->reload;
	$locker->query('BEGIN; LOCK TABLE contact_guard.query_text, contact_guard.log IN EXCLUSIVE MODE');
	my $anna = session($node, 'crm', 'anna');
	my ($read, $refused) = (0, '');
	for (1 .. 5000)
	{
		$anna->{stderr} = '';
		my $value = $anna->query('SELECT phone FROM crm.customer WHERE id = 2');
		if ($value eq phone_of(2)) { $read++; next }
		$refused = $anna->{stderr};
		last;
	}
	is(state_of($refused), '53400', 'a backlog over max_backlog refuses guarded columns');
	like($refused, qr/too many records wait/, 'and says why');
	cmp_ok($read, '>', 100, 'though not before');
	$anna->{stderr} = '';
	is($anna->query('SELECT count(id), count(name) FROM crm.customer'), '1000|1000', 'other columns can be read');
	is($anna->query('SELECT word FROM crm.plain WHERE id = 3'), 'word 3', 'and other tables');
	is($anna->{stderr}, '', 'without an error');
	$node->safe_psql('crm', "INSERT INTO crm.customer (id, name) VALUES (1001, 'new')");
	$locker->query('COMMIT');
	log_rows($node, 'crm', 'true');
	is($anna->query('SELECT phone FROM crm.customer WHERE id = 2'), phone_of(2),
		'once the recorder has caught up, they can be read again');
	$node->append_conf('postgresql.conf', 'contact_guard.max_backlog = 1GB');
	$node->reload;
	ok(log_is_whole($node, 'crm'), 'the log is whole');
	$_->quit foreach $anna, $locker;
}

# sync() right after a crash: not before what the crash left is in the log, though
# a long way lies between another database's records, which the slot keeps, and ours
{
	make_crm($node, 'other', 10);
	my @lockers = map { session($node, $_, 'postgres') } qw(crm other);
	$_->query('BEGIN; LOCK TABLE contact_guard.query_text, contact_guard.log IN EXCLUSIVE MODE') foreach @lockers;
	is(as($node, 'other', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1'), phone_of(1), 'a record in another database');
	$node->safe_psql('crm', 'CREATE TABLE ballast AS SELECT i, repeat(md5(i::text), 30) FROM generate_series(1, 150000) i');
	ok(start_reads(1000, 'before the crash')->finish, 'a journal far behind');
	$node->safe_psql('crm', 'CHECKPOINT');
	$node->stop('immediate');
	foreach my $locker (@lockers) { eval { $locker->quit } }
	# Ask as soon as the server answers, which is earlier than pg_ctl notices.
	my $starting = IPC::Run::start([ 'pg_ctl', '-w', '-D', $node->data_dir, '-l', $node->logfile, 'start' ],
		'>', \my $start_out);
	my $count = '';
	for (my $until = time + 60; $count eq '' && time < $until; usleep(1000))
	{
		# A psql that cannot connect yet may be gone before it is told what to ask.
		eval { (undef, $count) = $node->psql('crm', "SELECT contact_guard.sync(); SELECT count(*)
			FROM contact_guard.access_log WHERE event = 'shown' AND application = 'before the crash'"); 1 } or $count = '';
		$count =~ s/\s//g;
	}
	$starting->finish;
	$node->_update_pid(1);
	is($count, 2000, 'sync() right after a crash waits for what the crash left');
	ok(log_is_whole($node, 'crm'), 'the log is whole');
}

# Nothing to do: it leaves
ok($node->poll_query_until('crm',
		"SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder'"),
	'an idle recorder leaves');

# Whoever may not drop a database may not send its recorder away
{
	my $anna = session($node, 'crm', 'anna');
	$anna->query('SELECT phone FROM crm.customer WHERE id = 5');
	my $pid = wait_for_worker('recorder');
	is(state_of((as($node, 'postgres', 'eve', 'DROP DATABASE crm'))[1]), '42501', 'eve may not drop the database');
	usleep(300_000);
	is(worker('recorder'), $pid, 'nor does trying end its recorder');
	$anna->quit;
}

# The launcher comes back
{
	my $old = worker('launcher');
	$node->safe_psql('crm', "SELECT pg_terminate_backend($old, 5000)");
	my $anna = session($node, 'crm', 'anna');
	is($anna->query("SET application_name = launcherless; SELECT phone FROM crm.customer WHERE id = 4"),
		phone_of(4), 'readers go on without a launcher');
	my $new = '';
	for (1 .. 100)
	{
		$new = worker('launcher');
		last if $new;
		usleep(100_000);
	}
	isnt($new, '', 'an ended launcher is started again');
	SKIP:
	{
		skip 'no launcher', 1 if !$new;
		is(shown('launcherless'), 1, 'and their records come into the log');
	}
	$anna->quit;
}

# WAL that is gone becomes a gap record, and no end of recording
{
	$node->append_conf('postgresql.conf', "max_slot_wal_keep_size = 32MB\nmax_wal_size = 48MB\nmin_wal_size = 32MB");
	$node->restart;
	my $locker = session($node, 'crm', 'postgres');
	log_rows($node, 'crm', 'true');
	$locker->query('BEGIN; LOCK TABLE contact_guard.query_text, contact_guard.log IN EXCLUSIVE MODE');
	my $anna = session($node, 'crm', 'anna');
	$anna->query("SET application_name = 'lost'");
	is($anna->query('SELECT phone FROM crm.customer WHERE id = 6'), phone_of(6), 'a record that waits');
	$node->safe_psql('crm', "CREATE TABLE waste$_ AS SELECT repeat('x', 1000) FROM generate_series(1, 40000); CHECKPOINT") foreach 1 .. 3;
	$anna->quit;
	$node->stop('immediate');
	eval { $locker->quit };
	$node->start;
	my $got = '';
	for (1 .. 150)
	{
		$got = (as($node, 'crm', 'anna', "SET application_name = 'after'; SELECT phone FROM crm.customer WHERE id = 7"))[0];
		last if $got eq phone_of(7);
		usleep(100_000);
	}
	is($got, phone_of(7), 'after WAL was lost, guarded columns can be read again');
	my $what = $node->safe_psql('crm', "SET statement_timeout = '15s'; SELECT contact_guard.sync();
		SELECT string_agg(event, ' ' ORDER BY seq) FROM contact_guard.access_log
		WHERE event = 'gap' OR application IN ('lost', 'after')");
	$what =~ s/^\n//;
	like($what, qr/^(shown )?gap( shown)+$/, 'and the log says that there is a gap');
	my $problems = sub { $node->safe_psql('crm', 'SELECT problems::text FROM contact_guard.status()') };
	like($problems->(), qr/records are missing: 1 records of event/, '... as does status()');
	$node->restart;
	like($problems->(), qr/records are missing/, '... after a restart, too');
	is((as($node, 'crm', 'anna', "SELECT contact_guard.acknowledge_gaps('x')"))[0], '', '... until it is acknowledged, not by a technician');
	is($node->safe_psql('crm', "SELECT contact_guard.acknowledge_gaps('disk replaced')"), 1, '... but by an admin');
	unlike($problems->(), qr/records are missing/, '... when it goes');
	like((as($node, 'crm', 'postgres', "SELECT contact_guard.acknowledge_gaps('again')"))[1], qr/NOTICE.*no gap/, '... for good');
	is(log_rows($node, 'crm', "event = 'policy' AND reason = 'gaps acknowledged: disk replaced'"), 1, '... and that is a record');
}

$node->stop;
done_testing();
