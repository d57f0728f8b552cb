# Standbys.  A synchronous one: nothing is shown that it has not flushed, whatever
# the reader sets, and an interrupted wait shows nothing.  It shows the same log,
# and no guarded value.  Promoted, it misses no record, and goes on from where it is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);
use Wire;

my @conf = ('fsync = on', 'autovacuum = off', 'wal_keep_size = 1GB', 'checkpoint_timeout = 1h', 'max_connections = 50');
my $primary = guard_node('first', { allows_streaming => 1 }, @conf);
make_roles($primary);
make_crm($primary, 'crm', 2000);

# A standby of node, as synchronous_standby_names knows it.
sub make_standby
{
	my ($node, $name) = @_;
	$node->backup($name);
	my $standby = PostgreSQL::Test::Cluster->new($name);
	$standby->init_from_backup($node, $name, has_streaming => 1);
	$standby->append_conf('postgresql.conf', "synchronous_standby_names = ''");
	$standby->start;
	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_replication WHERE application_name = '$name' AND state = 'streaming'")
	  or die 'the standby does not stream';
	return $standby;
}

sub make_sync
{
	my ($node, $name) = @_;
	$node->safe_psql('postgres', "ALTER SYSTEM SET synchronous_standby_names = '$name'");
	$node->reload;
	return if $name eq '';
	$node->poll_query_until('postgres',
		"SELECT count(*) = 1 FROM pg_stat_replication WHERE application_name = '$name' AND sync_state = 'sync'")
	  or die 'the standby is not synchronous';
	return;
}

# The log without what differs from server to server: nothing.
sub log_of
{
	my ($node) = @_;
	return $node->safe_psql('crm', 'SELECT count(*), md5(string_agg(l::text, chr(10) ORDER BY seq)) FROM contact_guard.access_log l');
}

sub gaps_from
{
	my ($node, $seq) = @_;
	return $node->safe_psql('crm', "SELECT coalesce(string_agg(reason, '; '), '') FROM contact_guard.access_log
		WHERE event = 'gap' AND seq >= $seq");
}

my $standby = make_standby($primary, 'second');
make_sync($primary, 'second');

# The standby answers
{
	my $anna = session($primary, 'crm', 'anna');
	$anna->query('SET synchronous_commit = off');
	my $admin = session($primary, 'crm', 'postgres');
	my $behind = 0;
	foreach my $customer (1 .. 20)
	{
		is($anna->query("SELECT phone FROM crm.customer WHERE id = $customer"), phone_of($customer), 'a value') if $customer == 1;
		$anna->query("SELECT phone FROM crm.customer WHERE id = $customer") if $customer > 1;
		$behind++ if $admin->query('SELECT flush_lsn < (SELECT journal_lsn FROM contact_guard.status()) FROM pg_stat_replication') ne 'f';
	}
	is($behind, 0, 'when a value has come, the standby has flushed its record, though synchronous_commit is off');
	$_->quit foreach $anna, $admin;
}

# It does not
$standby->stop;
$primary->poll_query_until('postgres', 'SELECT count(*) = 0 FROM pg_stat_replication') or die 'the standby is still there';

sub waiting_reader
{
	my ($name, $customer, %settings) = @_;
	my $reader = Wire->new($primary, 'crm', 'anna', application_name => $name, %settings);
	$reader->put(Wire::simple("SELECT phone FROM crm.customer WHERE id = $customer"));
	$primary->poll_query_until('postgres',
		'SELECT wait_event = \'SyncRep\' FROM pg_stat_activity WHERE pid = ' . $reader->pid)
	  or die "$name does not wait";
	return $reader;
}

{
	my %how = (
		off => [ synchronous_commit => 'off' ],
		local => [ synchronous_commit => 'local' ],
		on => [ synchronous_commit => 'on' ],
		remote_apply => [ synchronous_commit => 'remote_apply' ],
		pg_cancel_backend => [ synchronous_commit => 'off' ],
		pg_terminate_backend => [ synchronous_commit => 'off' ],
		statement_timeout => [ statement_timeout => '500ms' ]);
	my %reader = map { $_ => waiting_reader($_, 5, @{ $how{$_} }) } sort keys %how;
	is(scalar(keys %reader), 7, 'without the standby, readers wait whatever their synchronous_commit');
	my $free = Wire->new($primary, 'crm', 'anna');
	is((Wire::rows($free->query('SELECT word FROM crm.plain WHERE id = 3')))[0][0], 'word 3', 'who reads nothing guarded does not');
	is((Wire::rows($free->query("SET synchronous_commit = off; SELECT count(name) FROM crm.customer")))[0][0], 2000, 'nor in a guarded table');
	$free->quit;

	$primary->safe_psql('postgres', "SET synchronous_commit = off; SELECT $_(" . $reader{$_}->pid . ')') foreach grep { /^pg_/ } keys %reader;
	foreach my $name (grep { length > 12 } sort keys %reader)
	{
		my $reader = delete $reader{$name};
		my @messages = $reader->until_ready(5);
		is(Wire::types(@messages) =~ tr/TDC//, 0, "$name while it waits: no result comes");
		unlike(join('', map { $_->[1] } @messages) . $reader->{in}, qr/06\d/, '... nor any part of it');
		ok($reader->ended || $messages[-1] && $messages[-1][0] eq 'Z', '... and the client is told');
	}
	is(scalar(grep { defined $_->next_message(0) } values %reader), 0, 'the others still wait');
	$standby->start;
	foreach my $name (sort keys %reader)
	{
		my @messages = $reader{$name}->until_ready(30);
		is_deeply([ Wire::rows(@messages) ], [ [ phone_of(5) ] ], "synchronous_commit = $name: once the standby is back, the value comes");
		$reader{$name}->quit;
	}
	is(log_rows($primary, 'crm', "event = 'shown' AND customer = '5' AND application IN ('off', 'local', 'on', 'remote_apply')"), 4,
		'and is on record');
}

# On the standby
{
	$primary->safe_psql('crm', 'SELECT contact_guard.sync()');
	$primary->wait_for_catchup($standby);
	is(log_of($standby), log_of($primary), 'the standby has the same access log');
	is($standby->safe_psql('crm', "SELECT count(*) FROM contact_guard.who_read('5')"),
		$primary->safe_psql('crm', "SELECT count(*) FROM contact_guard.who_read('5')"), 'and answers auditors alike');
	like($standby->safe_psql('crm', 'SELECT guard FROM contact_guard.status()'), qr/standby/, 'status() says what it is');
	foreach my $user (qw(anna dispatcher eve postgres))
	{
		foreach my $sql ('SELECT phone FROM crm.customer WHERE id = 5', 'COPY (SELECT * FROM crm.customer) TO STDOUT',
			'SELECT c FROM crm.customer c WHERE id = 5', "SELECT id FROM crm.customer WHERE phone = '" . phone_of(5) . "'",
			'SELECT max(phone) FROM crm.customer', 'BEGIN; DECLARE c CURSOR FOR SELECT * FROM crm.customer; FETCH 3 FROM c',
			($user eq 'postgres' ? 'COPY crm.customer TO STDOUT' : ()))
		{
			my ($out, $err) = as($standby, 'crm', $user, $sql);
			unlike("$out$err", qr/06\d{8}/, "standby, $user: no value from $sql");
			is($out, '', '... and no row') if $sql =~ /WHERE phone/;
			like($err, qr/withheld on a standby.*HINT/s, '... with a hint') if $sql =~ /SELECT phone|max/;
		}
	}
	my ($out, $err);
	ok(!IPC::Run::run([ 'pg_dump', '-h', $standby->host, '-p', $standby->port, '-U', 'postgres', '-t', 'crm.customer', 'crm' ],
			'>', \$out, '2>', \$err), 'pg_dump from a standby fails, since it would write what is not there');
	unlike($out, qr/06\d{8}/, '... without a value');
	is(state_of((as($standby, 'crm', 'postgres', 'SELECT contact_guard.sync()'))[1]), '55000', 'sync() is refused there');
}

# Promotion.  Readers note what they get until the server is killed under them.
# AT happens between the reads, which nobody has stored, and the kill; THEN after the
# promotion.  The new server's log must have all that was noted, once.
sub promote_after
{
	my ($what, $at, $then) = @_;
	my $round = $standby->name;
	my %noted;

	make_sync($primary, $standby->name);
	my $locker = lock_log($primary, 'crm');
	my @readers = map { Wire->new($primary, 'crm', 'dispatcher', application_name => "$round $_") } 1 .. 3;
	my $read = sub {
		my ($times) = @_;
		foreach my $i (1 .. $times)
		{
			foreach my $reader (@readers)
			{
				my $customer = ++$noted{last};
				$reader->{asked} = $customer;
				$reader->put(Wire::simple("SELECT phone FROM crm.customer WHERE id = $customer"));
			}
			foreach my $reader (@readers)
			{
				my @rows = Wire::rows($reader->until_ready);
				$noted{ $reader->{asked} } = 1 if @rows && $rows[0][0] eq phone_of($reader->{asked});
			}
		}
	};
	$read->(30);
	$at->();
	$_->put(Wire::simple('SELECT phone FROM crm.customer WHERE id = ' . ($_->{asked} = ++$noted{last}))) foreach @readers;
	usleep(rand 3000);
	kill_server($primary);
	foreach my $reader (@readers)
	{
		my @rows = Wire::rows($reader->until_ready);
		$noted{ $reader->{asked} } = 1 if @rows;
	}
	eval { $locker->quit };
	delete $noted{last};
	my $last_seq = $standby->safe_psql('crm', 'SELECT max(seq) FROM contact_guard.access_log');
	$standby->promote;
	$primary = $standby;

	my $wanted = join ',', sort keys %noted;
	my $check = sub {
		my ($when) = @_;
		is($primary->safe_psql('crm', "SET statement_timeout = '60s'; SELECT contact_guard.sync();
				SELECT count(*) FROM unnest('{$wanted}'::text[]) w WHERE 1 <> (SELECT count(*) FROM contact_guard.access_log
				  WHERE event = 'shown' AND application LIKE '$round _' AND customer = w)") =~ s/^\n//r,
			0, "$what: all " . keys(%noted) . " values that were noted are on record once $when");
	};
	$then->() if $then;
	$check->('and sync() says so');
	my $reader = Wire->new($primary, 'crm', 'dispatcher', application_name => "$round after");
	my @messages = $reader->query('SELECT phone FROM crm.customer WHERE id = 1500');
	is_deeply([ Wire::rows(@messages) ], [ [ phone_of(1500) ] ], '... the promoted server shows');
	$reader->quit;
	is(log_rows($primary, 'crm', "application = '$round after'"), 1, '... and records');
	$check->('when somebody has read');
	is(gaps_from($primary, $last_seq), '', '... without a gap');
	is($primary->safe_psql('crm', 'SELECT count(*) - count(DISTINCT seq) + max(seq) + 1 - count(*) FROM contact_guard.access_log'), 0, '... the log has no hole and no repetition');
	cmp_ok($primary->safe_psql('crm', 'SELECT max(seq) FROM contact_guard.access_log'), '>', $last_seq, '... it goes on with the next number');
	is($primary->safe_psql('crm', 'SELECT rejected_messages FROM contact_guard.status()'), 0, '... and no message was rejected');
	return;
}

promote_after('unrecorded in an earlier segment', sub {
	$primary->safe_psql('postgres', 'SET synchronous_commit = off; SELECT pg_switch_wal(), txid_current()') for 1 .. 3;
});

$standby = make_standby($primary, 'fourth');
promote_after('behind a restartpoint', sub {
	$primary->safe_psql('postgres', 'SET synchronous_commit = off; CHECKPOINT');
	$primary->wait_for_catchup($standby);
	$standby->safe_psql('postgres', 'CHECKPOINT');
});

$standby = make_standby($primary, 'fifth');
promote_after('killed before its recorder has stored anything', sub {
	$primary->safe_psql('postgres', 'SET synchronous_commit = off; CHECKPOINT');
	$primary->wait_for_catchup($standby);
	$standby->safe_psql('postgres', 'CHECKPOINT');
}, sub {
	my $locker = session($primary, 'crm', 'postgres');
	$locker->query('BEGIN; LOCK TABLE contact_guard.query_text, contact_guard.log IN EXCLUSIVE MODE');
	as($primary, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
	kill_server($primary);
	eval { $locker->quit };
	slow_start($primary);
});

# A standby that is gone must not keep its primary from stopping
$standby = make_standby($primary, 'sixth');
make_sync($primary, 'sixth');
$standby->stop;
my $reader = waiting_reader('last', 5);
ok(IPC::Run::run([ 'pg_ctl', '-D', $primary->data_dir, '-m', 'fast', '-t', '5', 'stop' ], '>', '/dev/null', '2>&1'),
	'a fast shutdown ends a session that waits for the standby');
is(scalar(Wire::rows($reader->until_ready(1))), 0, '... which shows nothing');
kill_server($primary) if -e $primary->data_dir . '/postmaster.pid';
$primary->{_pid} = undef;
done_testing();
