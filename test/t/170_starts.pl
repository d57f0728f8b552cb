# Was the guard off, and when?  Each start of the server is a record, which says whether the
# server ran without the library in between.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = guard_node('starts', 'autovacuum = off', "contact_guard.min_retention = '0'");
make_roles($node);
make_crm($node, 'crm', 100);
make_crm($node, 'second', 10);

sub starts
{
	my ($dbname, $what, $condition) = @_;
	$node->safe_psql($dbname, 'SELECT contact_guard.sync()');
	return $node->safe_psql($dbname, "SELECT $what FROM contact_guard.log WHERE event = 'start' AND " . ($condition // 'true'));
}

sub problems { return $node->safe_psql('crm', "SELECT array_to_string(problems, '; ') FROM contact_guard.status()") }

# Runs the server without the library.
sub run_without
{
	my ($mode, $do) = @_;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->start;
	$do->() if $do;
	$node->stop($mode);
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	return;
}

is(starts('crm', 'count(*)'), 0, 'a journal that begins while the server runs has no start yet');
is(as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1'), phone_of(1), 'a read');

# With the library all the time
$node->restart;
is(starts($_, 'count(*), min(count), bool_and(closed_at BETWEEN read_at - interval \'5 min\' AND read_at), bool_and(closed_at >= (SELECT read_at FROM contact_guard.log before WHERE before.seq = log.seq - 1))'),
	'1|0|t|t', "$_: a restart is one record, with the time at which the library was last at work") foreach qw(crm second);
like(starts('crm', 'reason'), qr/last known at work at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\+00; the server did not run without it in between$/, '... in words');
$node->stop('immediate');
$node->start;
is(starts('crm', 'count(*), sum(count)'), '2|0', 'after a crash, too');
$node->stop($_ == 2 ? 'immediate' : 'fast'), $node->start foreach 1 .. 4;
is(starts('crm', 'count(*), sum(count)'), '6|0', 'and after four quick restarts and crashes, each has its record, though the recorder may not have come in between');
is(problems(), '', 'status() has no problem');
is(log_rows($node, 'crm', "event = 'gap'"), 0, 'and the log no gap');

# Stopped as soon as it is ready, before the launcher has done anything
$node->stop;
foreach my $round (1 .. 10)
{
	my $file = $node->data_dir . '/postmaster.pid';
	my ($pid, @rest);
	system_or_bail('pg_ctl', '-W', '-s', '-D', $node->data_dir, '-l', $node->logfile, 'start');
	do { ($pid, @rest) = -e $file ? split /\n/, slurp_file($file) : () } until @rest && $rest[-1] =~ /^ready/;
	kill 'INT', $pid;
	usleep(1000) while kill 0, $pid;
}
$node->start;
is(starts('crm', 'sum(count)'), 0, 'a server that is stopped at once has not run without the library');
is(problems(), '', '... and status() has no problem');
my $launched = starts('crm', 'count(*)');

# Whoever ends the launcher makes no start of it
$node->safe_psql('crm', "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE backend_type = 'contact_guard launcher'");
$node->poll_query_until('crm', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'contact_guard launcher'");
is(starts('crm', 'count(*)'), $launched, 'a launcher that is ended and comes again is not a start');
# Nor can SQL say that the server started
$node->safe_psql('crm', "SELECT pg_logical_emit_message(false, 'contact_guard', 'start 1 800000000000000')");
is(starts('crm', 'count(*)'), $launched, 'a message that a session has written is not one either');

# Without the library, in all ways to stop
my $number = $launched;
my %runs = ('fast, fast' => 1, 'immediate, fast' => 1, 'fast, immediate' => 1, 'immediate, immediate' => 1);
foreach my $run (sort keys %runs)
{
	my ($ours, $theirs) = split /, /, $run;
	my $before = $node->safe_psql('crm', 'SELECT floor(extract(epoch FROM clock_timestamp()))');
	$node->stop($ours);
	run_without($theirs, sub { is($node->safe_psql('crm', "SELECT set_config('role', 'eve', false); SELECT phone FROM crm.customer WHERE id = 50"), "eve\n" . phone_of(50), "$run: eve reads without the library"); $node->safe_psql('crm', 'CHECKPOINT') });
	my $after = time;
	$node->start;
	$number++;
	is(starts($_, 'count', "seq = (SELECT max(seq) FROM contact_guard.log WHERE event = 'start')"), 1, "... the next start of $_ says that the server ran without it") foreach qw(crm second);
	my ($since, $until) = starts('crm', "reason", "seq = (SELECT max(seq) FROM contact_guard.log WHERE event = 'start')") =~
	  /; the server ran without contact_guard 1 time between (\S+ \S+) and (\S+ \S+) \(WAL from/;
	is($node->safe_psql('crm', "SELECT extract(epoch FROM '$since'::timestamptz) BETWEEN $before - 1 AND $after, extract(epoch FROM '$until'::timestamptz) BETWEEN $before AND $after + 5, '$since'::timestamptz <= '$until'"), 't|t|t',
		"... between $since and $until") or diag("$before $after");
	like(problems(), qr/^records are missing: 1 records/, '... status() says that records are missing');
	$node->safe_psql('crm', "SELECT contact_guard.acknowledge_gaps('$run')");
	is(problems(), '', '... until an admin says that he knows it');
}
is(starts('crm', 'count(*), sum(count)'), "$number|4", 'there are no others');

# Twice, and a start that fails in between
$node->stop;
run_without('fast');
run_without('immediate');
$node->append_conf('postgresql.conf', "unix_socket_directories = '/nowhere'");
ok(!$node->start(fail_ok => 1), 'a server that does not start');
$node->append_conf('postgresql.conf', "unix_socket_directories = '" . $node->host . "'");
$node->start;
is(starts('crm', 'count', "seq = (SELECT max(seq) FROM contact_guard.log WHERE event = 'start')"), 2, 'two runs without it are counted');
is(log_rows($node, 'crm', "event = 'gap' AND reason ~ '2 times between'"), 1, '... and are a gap');
like(slurp_file($node->logfile), qr/WARNING.*recorded a gap.*ran without contact_guard 2 times/, '... of which the server log has a warning');

# An auditor sees it, too.
my $dir = PostgreSQL::Test::Utils::tempdir;
ok(IPC::Run::run([ qw(contact-guard keygen --origin example.org/log --out), "$dir/key" ], '>', \my $vkey), 'a key');
chomp $vkey;
$node->append_conf('postgresql.conf', "contact_guard.signing_key_file = '$dir/key'\ncontact_guard.checkpoint_interval = 1");
$node->reload;
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
$node->poll_query_until('crm', 'SELECT last_checkpoint > 30 FROM contact_guard.status()') or die 'not signed';
IPC::Run::run([ 'contact-guard', 'verify', $node->connstr('crm'), '--vkey', $vkey ], '>&', \my $out);
like($out, qr/^the server ran 6 times without contact_guard, and recorded nothing then: see the records of event start, the last of them seq \d+$/m, 'contact-guard verify tells of it');
like($out, qr/^good$/m, '... and the log is what was signed');
$node->stop;
done_testing();
