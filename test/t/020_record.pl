# What a client has got is on record, whatever happens right afterwards: a
# rollback, an immediate stop, kill -9 of the session.  (021_crash.pl kills the rest.)

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('record', 'fsync = on', 'restart_after_crash = on');
make_roles($node);
make_crm($node, 'crm', 100);
my $read = 'SELECT phone FROM crm.customer WHERE id = ';

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
# Nothing to write: a psql that cannot connect has gone, and IPC::Run dies of that.
$node->poll_query_until('crm', undef, '') or die 'the server did not come back';
is_recorded('it is on record after kill -9 of the session', 'anna', 5);
ok(log_is_whole($node, 'crm'), 'and the log is whole');

$node->stop;
done_testing();
