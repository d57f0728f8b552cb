# More databases with the extension than contact_guard.max_databases: the others are told,
# and nothing stalls.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = guard_node('many', 'contact_guard.max_databases = 2', 'max_wal_size = 64MB', 'min_wal_size = 32MB', 'autovacuum = off');
make_roles($node);
$node->safe_psql('postgres', "CREATE DATABASE plain$_") foreach 1 .. 4;
make_crm($node, $_, 10) foreach qw(one two);
$node->safe_psql('postgres', 'CREATE ROLE maker LOGIN CREATEDB; CREATE DATABASE three');

sub set_limit
{
	my ($limit, $how) = @_;
	$node->append_conf('postgresql.conf', "contact_guard.max_databases = $limit");
	$how ? $node->stop($how) && $node->start : $node->restart;
	return;
}

sub problems { return $node->safe_psql($_[0], 'SELECT array_to_string(problems, chr(10)) FROM contact_guard.status()') }

{
	my ($out, $err) = as($node, 'three', 'postgres', 'CREATE EXTENSION contact_guard');
	is(state_of($err), '53400', 'over the limit, CREATE EXTENSION is refused');
	like($err, qr/more than 2 databases.*HINT:\s+Raise contact_guard.max_databases/s, '... with a hint');
	is(problems('one'), '', '... others have no problem');
}

# A copy comes without CREATE EXTENSION
$node->safe_psql('postgres', 'DROP DATABASE three; CREATE DATABASE three TEMPLATE one');
{
	my ($out, $err) = as($node, 'three', 'anna', 'SELECT phone FROM crm.customer WHERE id = 3');
	is($out, '', 'in a copy over the limit nothing is read');
	is(state_of($err), '53400', '... which is an error');
	like(problems('three'), qr/contact_guard.max_databases leaves no room/, '... and status() says why');
}
$node->safe_psql('three', 'SELECT count(*) FROM crm.plain');

# Records that wait when the limit is lowered
set_limit(3);
is(as($node, 'three', 'anna', 'SELECT phone FROM crm.customer WHERE id = 3'), phone_of(3), 'with a higher limit it is read');
my $locker = lock_log($node, 'three');
is(as($node, 'three', 'anna', 'SELECT phone FROM crm.customer WHERE id = 4'), phone_of(4), '... also while its recorder cannot store anything');
set_limit(2, 'immediate');
eval { $locker->quit };

like(problems('three'), qr/contact_guard.max_databases leaves no room/, 'with a lower limit it has no room');
my ($out, $err) = as($node, 'three', 'anna', 'SELECT phone FROM crm.customer WHERE id = 4');
is("$out", '', '... and nothing is read');
my $answer;
foreach (1 .. 50)
{
	last if ($answer = problems('one')) ne '';
	usleep(200_000);
}
like($answer, qr/cannot be read in 1 databases: more than 2 have contact_guard/, 'status() of another database says so, too');
is((as($node, 'postgres', 'maker', 'CREATE DATABASE made'))[1], '', 'it is known what the other databases guard');
like((as($node, 'postgres', 'postgres', 'ALTER DATABASE three IS_TEMPLATE true'))[1], qr/^$/, '... a template');
like((as($node, 'postgres', 'maker', 'CREATE DATABASE again TEMPLATE three'))[1], qr/must be superuser to copy/, '... that has guarded columns');
is(as($node, 'one', 'anna', 'SELECT phone FROM crm.customer WHERE id = 3'), phone_of(3), 'those that have room are read');
is(log_rows($node, 'one', "event = 'shown' AND customer = '3'"), 1, '... and recorded');

my $before = $node->safe_psql('postgres', 'SELECT pg_current_wal_lsn()');
my $moved;
foreach (1 .. 30)
{
	$node->safe_psql('plain1', "CREATE TABLE IF NOT EXISTS ballast (t text); INSERT INTO ballast SELECT repeat('x', 500) FROM generate_series(1, 20000); SELECT pg_switch_wal()");
	$moved = $node->safe_psql('postgres', "SELECT restart_lsn > '$before' FROM pg_replication_slots WHERE slot_name = 'contact_guard'");
	last if $moved eq 't';
	usleep(500_000);
}
is($moved, 't', 'the slot moves on');
$node->safe_psql('postgres', 'CHECKPOINT') for 1 .. 2;

set_limit(10);
is(log_rows($node, 'three', "event = 'shown' AND customer = '4'"), 1, 'what waited is on record');
is(problems($_), '', "no problem in $_") foreach qw(one two);
like($node->safe_psql('three', "SELECT string_agg(reason, ';') FROM contact_guard.access_log WHERE event = 'gap'"), qr/^WAL from \S+ to \S+ is missing$/,
	'... and a gap says that it was away');
$node->stop;
done_testing();
