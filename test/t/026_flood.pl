# Who reads what he may not see makes records, and nobody else pays for them: from a
# quarter of max_backlog on such a session waits for the recorder, while shown reads go on.
# CG_SOAK: five minutes of the flood.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $seconds = $ENV{CG_SOAK} ? 300 : 15;
my $node = guard_node('flood', 'fsync = on', 'max_connections = 50', 'autovacuum = off', "contact_guard.max_backlog = '256kB'");
make_roles($node);
make_crm($node, 'crm', 1000);
$node->safe_psql('crm', 'CREATE TABLE crm.open AS TABLE crm.customer; ALTER TABLE crm.open ADD PRIMARY KEY (id); GRANT SELECT ON crm.open TO dispatcher;
	CREATE TABLE crm.tick (at timestamptz DEFAULT now()); GRANT INSERT ON crm.tick TO dispatcher');
my $withheld = 'SELECT phone FROM crm.customer WHERE id = ';

# The recorder stands still: anna waits from a quarter on, and nobody is refused
my $locker = lock_log($node, 'crm');
my $anna = session($node, 'crm', 'anna');
my $pid = $anna->query('SELECT pg_backend_pid()');
my $admin = session($node, 'crm', 'postgres');
sub backlog { return $admin->query('SELECT lag_bytes FROM contact_guard.status()') }
my $waits = "SELECT count(*) = 1 FROM pg_stat_activity WHERE pid = $pid AND wait_event_type = 'Extension' AND state = 'active'";
# The last of these may wait already, and would do so until it fails.
$anna->query("SET statement_timeout = '2s'");
foreach my $round (1 .. 100)
{
	last if backlog() > 64 * 1024;
	$anna->query("DO 'BEGIN FOR i IN 1 .. 20 LOOP PERFORM phone FROM crm.customer WHERE id = 500 + i; END LOOP; END'");
}
$anna->query('RESET statement_timeout');
my $before = backlog();
cmp_ok($before, '<', 128 * 1024, 'the backlog is near a quarter');
my $late = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('crm') . ' user=anna', '-c', "SET application_name = 'late'", '-c', "${withheld}700" ],
	'>', \my $late_out, '2>', \my $late_err);
$waits = "SELECT count(*) = 1 FROM pg_stat_activity WHERE application_name = 'late' AND wait_event_type = 'Extension' AND state = 'active'";
ok($node->poll_query_until('crm', $waits), 'then a session that withholds waits for the recorder, as pg_stat_activity says');
is(as($node, 'crm', 'dispatcher', "${withheld}700"), phone_of(700), 'a dispatcher is shown his value');
is(as($node, 'crm', 'anna', "${withheld}7"), phone_of(7), 'and so is anna');
is($node->safe_psql('crm', $waits), 't', 'the other still waits');
$node->safe_psql('crm', "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE application_name = 'late'");
$late->finish;
like($late_err, qr/canceling statement due to user request/, 'a wait can be cancelled');
$late = IPC::Run::start([ 'psql', '-XAtq', '-d', $node->connstr('crm') . ' user=anna', '-c', "SET application_name = 'late'", '-c', "${withheld}701" ],
	'>', \$late_out, '2>', \$late_err);
ok($node->poll_query_until('crm', $waits), 'another one waits');
$locker->quit;
$late->finish;
is($late_out, mask_of(701) . "\n", 'until the recorder goes on');
$anna->quit;

# Nor does it read rows of nobody without an end
$node->safe_psql('crm', q(SET client_min_messages = error; INSERT INTO crm.customer (id, name, phone) VALUES (5000, 'nobody', '1');
	CREATE TABLE crm.nobody (id int PRIMARY KEY, customer bigint, phone text); INSERT INTO crm.nobody VALUES (1, NULL, 'SECRET');
	GRANT SELECT ON crm.nobody TO PUBLIC; SELECT contact_guard.protect('crm.nobody', 'customer', '{phone}')));
$locker = lock_log($node, 'crm');
my ($out_nobody, $err_nobody) = as($node, 'crm', 'anna',
	"SET statement_timeout = '20s'; DO 'BEGIN FOR i IN 1 .. 3000 LOOP PERFORM phone FROM crm.nobody; END LOOP; END'");
is(state_of($err_nobody), '57014', 'rows without a customer make way as well');
cmp_ok(backlog(), '<', 128 * 1024, '... from a quarter on');
$locker->quit;

# A flood
my $script = "$PostgreSQL::Test::Utils::tmp_check/flood.sql";
append_to_file($script, "\\set id random(100, 1000)\nSELECT phone FROM crm.customer WHERE id = :id;\n");
my ($flood_out, $flood_err) = ('', '');
my $flood = IPC::Run::start([ 'pgbench', '-n', '-c', 32, '-j', 2, '-T', $seconds, '-f', $script, $node->connstr('crm') . ' user=anna' ],
	'>', \$flood_out, '2>', \$flood_err);
$node->poll_query_until('crm', q(SELECT count(*) > 30 FROM pg_stat_activity WHERE usename = 'anna')) or die 'no flood';
my $dispatcher = session($node, 'crm', 'dispatcher');
my (@guarded, @open, $refused, $highest);
$refused = $highest = 0;
for (my $until = time + $seconds - 5; time < $until;)
{
	my $id = 1 + int rand 1000;
	foreach my $table (qw(customer open))
	{
		my $start = time;
		# What is not guarded commits instead: both wait for one flush
		my $phone = $dispatcher->query(($table eq 'open' ? 'WITH w AS (INSERT INTO crm.tick DEFAULT VALUES) ' : '')
			. "SELECT phone FROM crm.$table WHERE id = $id");
		push @{ $table eq 'open' ? \@open : \@guarded }, time - $start;
		$refused++ if $phone ne phone_of($id);
	}
	my $now = backlog();
	$highest = $now if $now > $highest;
	usleep(5_000);
}
$flood->finish;
is($refused, 0, 'in a flood of 32 clients a dispatcher is never refused');
sub median { return (sort { $a <=> $b } @_)[ @_ / 2 ] }
my ($with, $without) = map { 1000 * $_ } median(@guarded), median(@open);
my ($rate) = $flood_out =~ /tps = (\d+)/;
diag(sprintf '%d reads: %.1f ms in the median, %.1f ms from a plain table with a commit; the flood made %d a second, the backlog was %d kB at most of 256',
	scalar @guarded, $with, $without, $rate // 0, $highest / 1024);
cmp_ok($with, '<', 10 * ($ENV{CG_SLOW} || 1) + $without, 'a read takes 10 ms more than a commit and a read of a plain table, at most, in the median');
cmp_ok($highest, '<', 200 * 1024, 'the backlog stays away from its limit');
unlike($flood_err, qr/too many records/, 'nor is the flood refused');
ok(log_is_whole($node, 'crm'), 'the log is whole');
$_->quit foreach $dispatcher, $admin;
$node->stop;
done_testing();
