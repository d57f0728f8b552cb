# Clients that misbehave, or speak the protocol as psql does not: portals with a row
# limit, pipelines, who never reads, who goes away; walsenders, SSL; memory.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);
use Wire;

my $customers = 200_000;
my $node = guard_node('clients', { allows_streaming => 1 }, 'max_connections = 50', 'shared_buffers = 16MB', 'restart_after_crash = on',
	'contact_guard.max_backlog = 100GB', 'max_wal_size = 256MB');
make_roles($node);
make_crm($node, 'crm', $customers);
my $postmaster = $node->safe_psql('crm', 'SELECT pg_postmaster_start_time()');

sub shown { return log_rows($node, 'crm', "event = 'shown' AND application = '$_[0]'") }
sub one { my ($i) = @_; return "SELECT phone FROM crm.customer WHERE id = $i" }
sub peak { return slurp_file("/proc/$_[0]/status") =~ /VmHWM:\s+(\d+)/ ? $1 : 0 }

# A portal with a row limit: what has come is on record, piece by piece
{
	my $c = Wire->new($node, 'crm', 'anna', application_name => 'portal');
	$c->put(Wire::parse('', 'SELECT id, phone FROM crm.customer WHERE id <= 20 ORDER BY id') . Wire::bind_to('p', ''));
	foreach my $piece (1 .. 3)
	{
		$c->put(Wire::execute('p', 5) . Wire::flush());
		my @messages;
		while (my $message = $c->next_message(10)) { push @messages, $message; last if $message->[0] =~ /[sCE]/ }
		is(Wire::types(@messages) =~ s/^12//r, 'DDDDDs', "piece $piece of a portal with a row limit");
		is_deeply([ map { $_->[1] } Wire::rows(@messages) ], [ map { phone_of($_) } 5 * $piece - 4 .. 5 * $piece ], '... has its values');
		is(shown('portal'), 5 * $piece, '... and they are on record');
	}
	$c->put(Wire::execute('p') . Wire::sync());
	is(Wire::types($c->until_ready), 'DDDDDCZ', 'the rest');
	is(shown('portal'), 20, '... is on record');
	$c->quit;
}

# Pipelines
{
	my $c = Wire->new($node, 'crm', 'anna', application_name => 'pipeline');
	$c->put(join '', map { Wire::parse('', one($_)) . Wire::bind_to('', '') . Wire::execute('') . Wire::sync() } 1 .. 20);
	my @messages = map { $c->until_ready } 1 .. 20;
	is(Wire::types(@messages), '12DCZ' x 20, 'a pipeline of 20 reads: each answer in its place');
	is_deeply([ map { $_->[0] } Wire::rows(@messages) ], [ map { phone_of($_) } 1 .. 20 ], '... in order');
	is(shown('pipeline'), 20, '... on record');

	$c->put(Wire::simple("SET application_name = 'pipeline 2'"));
	$c->until_ready;
	$c->put(join('', map { Wire::parse('', $_ == 11 ? 'SELECT 1/0, phone FROM crm.customer WHERE id = 11' : one($_)) . Wire::bind_to('', '') . Wire::execute('') } 1 .. 20) . Wire::sync());
	@messages = $c->until_ready;
	like(Wire::types(@messages), qr/^(12DC){10}1?2?EZ$/, 'one with an error inside: the answers before it, the error, no more');
	is(Wire::states(@messages), '22012', '... the error that it is');
	cmp_ok(shown('pipeline 2'), '>=', 10, '... those that were shown are on record, though rolled back');
	cmp_ok(shown('pipeline 2'), '<=', 11, '... and no other');

	# Errors and notices behind rows in one simple query, and a protocol violation
	is(Wire::types($c->query(one(1) . '; SELECT 1/0; ' . one(2))), 'TDCEZ', 'rows, then an error');
	is(Wire::types($c->query("DO 'BEGIN RAISE NOTICE ''a''; END'; " . one(1) . "; DO 'BEGIN RAISE NOTICE ''b''; END'; " . one(2))), 'NCTDCNCTDCZ', 'notices between rows');
	is(Wire::types($c->query("SET client_min_messages = debug5")) =~ s/N//gr, 'CZ', 'debug5');
	$c->put(Wire::parse('', one(3)) . Wire::bind_to('', '') . Wire::execute('') . Wire::bind_to('', 'nobody') . Wire::execute('') . Wire::sync());
	is(Wire::types($c->until_ready) =~ s/N//gr, '12DCEZ', 'a statement that is not there, after rows, with debug messages');
	is(Wire::types($c->query(one(4))) =~ s/N//gr, 'TDCZ', '... and the session is in step');
	$c->put(Wire::simple("SET statement_timeout = '300ms'"));
	$c->until_ready;
	$c->put(Wire::parse('', one(5)) . Wire::bind_to('', '') . Wire::execute('')
		  . Wire::parse('', 'SELECT phone, pg_sleep(5) FROM crm.customer WHERE id = 6') . Wire::bind_to('', '') . Wire::execute('') . Wire::sync());
	@messages = $c->until_ready;
	is(Wire::types(@messages) =~ s/N//gr, '12DC12EZ', 'statement_timeout in a pipeline');
	is(Wire::states(@messages), '57014', '... says so');
	$c->quit;
}

# Who never reads: memory is bounded, and others go on
{
	my $c = Wire->new($node, 'crm', 'dispatcher', application_name => 'never reads');
	$c->put(Wire::simple('SELECT id, phone FROM crm.customer ORDER BY id'));
	$node->poll_query_until('crm', "SELECT wait_event = 'ClientWrite' FROM pg_stat_activity WHERE pid = " . $c->pid) or die 'it does not wait';
	my $peak = peak($c->pid);
	is(as($node, 'crm', 'anna', one(7)), phone_of(7), 'while a client does not read, others do');
	my $stored = shown('never reads');
	cmp_ok($stored, '>', 0, '... and are recorded, as is what may be on its way to him');
	cmp_ok($stored, '<', $customers, '... but not more');
	cmp_ok($peak, '<', 100_000, "... he takes $peak kB");
	my @rows = Wire::rows($c->until_ready);
	is(scalar(@rows), $customers, 'when he reads, all rows come');
	is(scalar(grep { $rows[$_][0] != $_ + 1 || $rows[$_][1] ne phone_of($_ + 1) } 0 .. $#rows), 0, '... in order');
	is(shown('never reads'), $customers, '... and are on record');
	$c->quit;

	$c = Wire->new($node, 'crm', 'dispatcher', application_name => 'goes away');
	$c->put(Wire::simple('SELECT id, phone FROM crm.customer'));
	my $got = 0;
	while ($got < 1000) { $got += Wire::rows($c->next_message // last) }
	my $pid = $c->pid;
	$c->close;
	ok($node->poll_query_until('crm', "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $pid"), 'who goes away in the middle of a result is let go');
	cmp_ok(shown('goes away'), '>=', 1000, '... with what he had on record');
}

# A walsender that runs SQL
{
	my $c = Wire->new($node, 'crm', 'postgres', replication => 'database', application_name => 'walsender');
	my @messages = $c->query(one(8));
	is(Wire::types(@messages), 'TDCZ', 'SQL over a replication connection');
	is((Wire::rows(@messages))[0][0], phone_of(8), '... shows');
	is(Wire::types($c->query('IDENTIFY_SYSTEM')), 'TDCZ', '... between replication commands');
	is(Wire::types($c->query("SELECT 1/(id - id) FROM crm.customer WHERE phone > ''")), 'TEZ', '... and errors');
	is(log_rows($node, 'crm', "event = 'shown' AND application = 'walsender' AND customer = '8' AND statement = 1"), 1, '... on record');
	$c->quit;
}

# SSL
{
	my $dir = $node->data_dir;
	ok(!system("cd $dir && openssl req -new -x509 -days 30 -nodes -subj /CN=localhost -out server.crt -keyout server.key >/dev/null 2>&1 && chmod 600 server.key"), 'a certificate');
	$node->append_conf('postgresql.conf', "ssl = on\nlisten_addresses = '127.0.0.1'");
	$node->append_conf('pg_hba.conf', 'hostssl all all 127.0.0.1/32 trust');
	$node->restart;
	local $ENV{PGAPPNAME} = 'ssl';
	my ($out, $err);
	IPC::Run::run([ 'psql', '-XAtq', '-d', 'host=127.0.0.1 port=' . $node->port . ' dbname=crm user=dispatcher sslmode=require',
			'-c', 'SET client_min_messages = debug5', '-c', 'SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()', '-c', 'SELECT id, phone FROM crm.customer WHERE id <= 20000 ORDER BY id' ],
		'>', \$out, '2>', \$err);
	my @rows = split /\n/, $out;
	is(shift @rows, 't', 'over SSL');
	is(scalar(grep { $rows[$_] ne ($_ + 1) . '|' . phone_of($_ + 1) } 0 .. 19999), 0, '... all values come, in order');
	is(shown('ssl'), 20000, '... on record');
}

# Memory, on a big result: 400,000 rows, or 10 million
{
	my $times = $ENV{CG_SOAK} ? 50 : 2;
	my $c = Wire->new($node, 'crm', 'dispatcher', application_name => 'big');
	my ($recorder, $start) = (0, time);
	$c->put(Wire::simple("SELECT c.id, c.phone FROM generate_series(1, $times) g, LATERAL (SELECT * FROM crm.customer OFFSET 0) c WHERE g > 0"));
	my $look = 0;
	while ($c->{in} !~ /C\x00\x00\x00.SELECT \d+\x00Z\x00\x00\x00\x05I\z/s)
	{
		die 'the server does not answer' if !$c->take(120);
		substr $c->{in}, 0, length($c->{in}) - 100, '' if length $c->{in} > 100;
		next if time < $look;
		$look = time + 0.5;
		foreach my $pid (children_of((split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0]))
		{
			my ($name, $peak) = eval { (slurp_file("/proc/$pid/cmdline"), peak($pid)) } or next;
			$recorder = $peak if ($name // '') =~ /contact_guard recorder/ && $peak > $recorder;
		}
	}
	my $took = time - $start;
	like($c->{in}, qr/SELECT @{[ $times * $customers ]}\0/, 'a big result comes whole');
	my $backend = peak($c->pid);
	my $count = shown('big');
	my $lag = time - $start - $took;
	diag(sprintf '%d rows in %.0f s, recorded %.0f s later; VmHWM of the backend %d kB, of the recorder %d kB', $times * $customers, $took, $lag, $backend, $recorder);
	cmp_ok($count, '>=', $customers, '... and is on record');
	cmp_ok($backend, '<', 200_000, '... within 200 MB in the backend');
	cmp_ok($recorder, '<', 300_000, '... and 300 MB in the recorder');
	cmp_ok($recorder, '>', 0, '... which ran');
	$c->quit;
}
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal/, 'nothing crashed');
ok(log_is_whole($node, 'crm'), 'the log is whole');
is($node->safe_psql('crm', 'SELECT rejected_messages FROM contact_guard.status()'), 0, 'no message was rejected');
$node->stop;
done_testing();
