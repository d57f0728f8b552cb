# What a client has got is on record, whatever happens right afterwards: a
# rollback, an immediate stop, kill -9 of the server or of the session.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = guard_node('record', 'fsync = on', 'restart_after_crash = on');
make_roles($node);
make_crm($node, 'crm', 100);
my $read = 'SELECT phone FROM crm.customer WHERE id = ';
my $shown = 0;

# Has customer been shown to user once and only once since the last call?
my %counted;
sub is_recorded
{
	my ($what, $user, $customer, $times) = @_;
	my $key = "$user $customer";
	$counted{$key} += $times // 1;
	is(log_rows($node, 'crm',
			"event = 'shown' AND actor = '$user' AND customer = '$customer' AND relation = 'crm.customer'"
			. " AND columns = '{phone}'"), $counted{$key}, $what);
	return;
}

my $anna = session($node, 'crm', 'anna');
is($anna->query("${read}1"), phone_of(1), 'anna sees the value');
is_recorded('it is on record', 'anna', 1);

$anna->query('BEGIN');
is($anna->query("${read}2"), phone_of(2), 'anna sees the value in a transaction');
is_recorded('it is on record before the transaction ends', 'anna', 2);
$anna->query('ROLLBACK');
is_recorded('it is still on record after ROLLBACK', 'anna', 2, 0);

$anna->query('BEGIN; SAVEPOINT a');
is($anna->query("${read}3"), phone_of(3), 'anna sees the value in a subtransaction');
$anna->query('ROLLBACK TO a; ROLLBACK');
is_recorded('it is on record after the rollback of both', 'anna', 3);

is($anna->query("${read}50"), mask_of(50), 'anna sees a mask where she has no window');
is(log_rows($node, 'crm', "event = 'withheld' AND actor = 'anna' AND customer = '50'"), 1,
	'that is on record as withheld');

# pg_ctl stop -m immediate, right after the value came; sync() must not return early
is($anna->query("${read}4"), phone_of(4), 'anna sees the value');
$node->stop('immediate');
eval { $anna->quit };
$node->start;
is_recorded('it is on record after an immediate stop', 'anna', 4);
ok(log_is_whole($node, 'crm'), 'and the log is whole');

# kill -9 of the session's process: the server restarts all others
$anna = session($node, 'crm', 'anna');
my $pid = $anna->query('SELECT pg_backend_pid()');
is($anna->query("BEGIN;\n${read}5"), phone_of(5), 'anna sees the value');
kill 'KILL', $pid;
eval { $anna->quit };
$node->poll_query_until('crm', 'SELECT true') or die 'the server did not come back';
is_recorded('it is on record after kill -9 of the session', 'anna', 5);
ok(log_is_whole($node, 'crm'), 'and the log is whole');

# Ten times: three readers note what they get, and the server is killed under them.
my %got;
my $rounds = 10;
my $dir = PostgreSQL::Test::Utils::tempdir;
append_to_file("$dir/reads.sql", join '', map { "BEGIN;\n$read" . (1 + $_ % 20) . ";\nROLLBACK;\n" } 1 .. 20000);
foreach my $round (1 .. $rounds)
{
	my @readers = map {
		my $out = "$dir/$round.$_";
		{ out => $out, run => IPC::Run::start(
				[ $node->installed_command('psql'), '-XAtq', '-U', 'anna', '-d', $node->connstr('crm'),
				  '-c', "SET application_name = 'reader $round.$_'", '-f', "$dir/reads.sql" ],
				'<', \undef, '>', $out, '2>', "$out.err") }
	} 1 .. 3;
	my $until = time + 30;
	my $size = 500 + 300 * $round;
	usleep(1000) while time < $until && grep { (-s $_->{out} // 0) < $size } @readers;
	my $postmaster = (split /\n/, slurp_file($node->data_dir . '/postmaster.pid'))[0];
	my @all = ($postmaster, children_of($postmaster));
	if ($round % 2) { kill 'KILL', @all; $node->{_pid} = undef }
	else { $node->kill9 }
	wait_gone(@all);
	foreach (@readers) { eval { $_->{run}->finish } }
	foreach my $i (0 .. 2)
	{
		my @values = split /\n/, slurp_file($readers[$i]{out});
		$got{ "reader $round." . ($i + 1) } = \@values;
		$shown += @values;
	}
	slow_start($node);
}

$node->safe_psql('crm', 'SELECT contact_guard.sync()');
my %recorded = map { /^(.*)\|(.*)$/ ? ($1 => [ split / /, $2 ]) : () } split /\n/,
  $node->safe_psql('crm', q(
	SELECT application, string_agg('06' || lpad(customer, 8, '0'), ' ' ORDER BY statement)
	  FROM contact_guard.access_log WHERE application LIKE 'reader %' AND event = 'shown'
	 GROUP BY application));
my ($missing, $surplus) = (0, 0);
foreach my $reader (sort keys %got)
{
	my @values = @{ $got{$reader} };
	my @log = @{ $recorded{$reader} // [] };
	# The record comes first, so there may be one more than the client got to see,
	# or two where psql had no time to write the last value.
	my $same = @log >= @values && !grep { $values[$_] ne $log[$_] } 0 .. $#values;
	$missing++ if !$same;
	$surplus++ if @log > @values + 2;
	diag("$reader: got " . @values . ', recorded ' . @log) if !$same || @log > @values + 2;
}
cmp_ok($shown, '>', 30 * 40, 'the readers got values before the server was killed');
is($missing, 0, "each of the $shown values is on record, in order");
is($surplus, 0, 'each exactly once');
ok(log_is_whole($node, 'crm'), 'the log has no hole, no repetition and no gap');
is($node->safe_psql('crm', 'SELECT rejected_messages FROM contact_guard.status()'), 0,
	'no message was rejected');

$node->stop;
done_testing();
