# A window that was seen open is not asked for again until a transaction ends; and nothing
# that closes a window, or takes its definition back, is missed by that.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__) . '/lib';
use Guarded;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('verified', 'autovacuum = off', 'max_prepared_transactions = 2');
make_roles($node);
make_crm($node, 'crm', 20);
my $read = 'SELECT phone FROM crm.customer WHERE id = ';
my $session = session($node, 'crm', 'postgres');
my $ask = sub { my ($sql) = @_; return $session->query($sql) =~ s/\s+\z//r };

# Nobody else ends a transaction while the recorder waits.
$session->query("PREPARE p(bigint) AS $read \$1; SET ROLE anna");
is($ask->('EXECUTE p(1)'), phone_of(1), 'shown');
my $lock = lock_log($node, 'crm');
my $scans = q(SELECT sum(pg_stat_get_xact_numscans(c.oid)) FROM pg_class c
	WHERE c.oid = 'crm.intervention'::regclass OR c.oid IN (SELECT indexrelid FROM pg_index WHERE indrelid = 'crm.intervention'::regclass));
my $result = $ask->('BEGIN; ' . 'EXECUTE p(1); ' x 300 . "$scans; COMMIT");
is(() = $result =~ /^@{[ phone_of(1) ]}$/mg, 300, 'three hundred reads are shown');
# One question a second is not about a customer, and a slow machine may take some seconds.
my ($asked) = $result =~ /^(\d+)\s*\z/m;
cmp_ok($asked, '<', 150, 'they do not ask for the window three hundred times');
$lock->quit;

my $close = q(UPDATE crm.intervention SET status = 'done' WHERE customer_id =);
for my $end ([ 'a commit', "BEGIN; $close 2; SELECT 1", 'COMMIT' ],
	[ 'a commit of a subtransaction', "BEGIN; SAVEPOINT s; $close 3; RELEASE s; SELECT 1", 'COMMIT' ],
	[ 'COMMIT PREPARED', "BEGIN; $close 4; PREPARE TRANSACTION 'visit'", q(COMMIT PREPARED 'visit') ])
{
	my ($name, $begin, $commit) = @$end;
	my ($customer) = $begin =~ /customer_id = (\d)/;
	my $desk = session($node, 'crm', 'postgres');

	is($ask->("EXECUTE p($customer)"), phone_of($customer), "before $name");
	$desk->query($begin);
	is($ask->("EXECUTE p($customer)"), phone_of($customer), "$name: it has not come yet");
	$desk->query($commit);
	is($ask->("EXECUTE p($customer)"), mask_of($customer), "$name closes the window at once");
	$desk->quit;
}
is($ask->('BEGIN ISOLATION LEVEL REPEATABLE READ; EXECUTE p(5)'), phone_of(5), 'in a transaction with a snapshot');
$node->safe_psql('crm', "$close 5");
is($ask->('EXECUTE p(5)'), mask_of(5), 'a closing counts, though the snapshot is older');
$session->query('COMMIT');

is($ask->('EXECUTE p(6)'), phone_of(6), 'the first technician');
is($ask->('SET ROLE eve; EXECUTE p(6)'), mask_of(6), 'the window is not another technician\'s');
is($ask->('SET ROLE anna; EXECUTE p(6)'), phone_of(6), 'the first one again');

# What a transaction itself has changed no commit tells.
is($ask->(q(RESET ROLE; BEGIN; SELECT FROM contact_guard.forget_interventions('crm.intervention'); SET LOCAL ROLE anna; EXECUTE p(6))) =~ s/.*\n//sr,
	mask_of(6), 'the reader\'s own transaction has taken the definition back');
$session->quit;
$session = session($node, 'crm', 'postgres');
$session->query("PREPARE p(bigint) AS $read \$1");
is($ask->(q(RESET ROLE; BEGIN; SET LOCAL ROLE anna; EXECUTE p(6); RESET ROLE;
	SELECT FROM contact_guard.forget_interventions('crm.intervention'); SET LOCAL ROLE anna; EXECUTE p(6))) =~ s/.*\n//sr,
	mask_of(6), 'the same after a read in the same transaction');
$session->quit;

$session = session($node, 'crm', 'anna');
$session->query("PREPARE p(bigint) AS $read \$1");
$node->safe_psql('crm', q(UPDATE crm.intervention SET ends_at = clock_timestamp() + interval '2 s' WHERE customer_id = 7));
$ask->('EXECUTE p(7)') for 1 .. 3;
$node->poll_query_until('crm', 'SELECT ends_at < clock_timestamp() FROM crm.intervention WHERE customer_id = 7') or die;
is($ask->('EXECUTE p(7)'), mask_of(7), 'a window ends when its time is over');

$session->quit;
$node->stop;
done_testing();
