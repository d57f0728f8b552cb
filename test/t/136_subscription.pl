# The initial copy of a subscription comes through a walsender and is stored: what is
# withheld or hidden from its role is an error there, and never a mask in a replica.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Wire;

my $node = guard_node('publisher', { allows_streaming => 'logical' }, 'wal_level = logical');
make_roles($node);
make_crm($node, 'crm', 50);
my $replica = PostgreSQL::Test::Cluster->new('subscriber');
$replica->init;
$replica->start;
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE ROLE repl LOGIN REPLICATION;
	GRANT USAGE ON SCHEMA crm TO repl;
	CREATE TABLE crm.parted (id bigint PRIMARY KEY, phone text) PARTITION BY RANGE (id);
	CREATE TABLE crm.part PARTITION OF crm.parted FOR VALUES FROM (0) TO (1000);
	CREATE TABLE crm.depot (id bigint PRIMARY KEY, code text, note text);
	INSERT INTO crm.parted SELECT id, phone FROM crm.customer;
	INSERT INTO crm.depot SELECT id, phone, 'note' FROM crm.customer;
	GRANT SELECT ON ALL TABLES IN SCHEMA crm TO repl;
	SELECT contact_guard.protect('crm.parted', 'id', '{phone}', 'constant(WITHHELD)');
	SELECT contact_guard.protect('crm.depot', customer => 'id', columns => '{code}', mode => 'hide');
	CREATE PUBLICATION whole FOR TABLE crm.customer;
	CREATE PUBLICATION filtered FOR TABLE crm.customer (id, phone) WHERE (id < 10);
	CREATE PUBLICATION names FOR TABLE crm.customer (id, name);
	CREATE PUBLICATION root FOR TABLE crm.parted WITH (publish_via_partition_root);
	CREATE PUBLICATION leaf FOR TABLE crm.parted;
	CREATE PUBLICATION hidden FOR TABLE crm.depot;
	CREATE PUBLICATION free FOR TABLE crm.plain;
));

my $number = 0;
# Subscribes in a database of its own: its rows, and what its log says
sub copied
{
	my ($publication, $table, $definition, $condition) = @_;
	my $db = 'sub' . ++$number;
	$replica->safe_psql('postgres', "CREATE DATABASE $db");
	$replica->safe_psql($db, "CREATE SCHEMA crm; CREATE TABLE crm.$table ($definition)");
	$replica->safe_psql($db, 'CREATE TABLE crm.part (id bigint, phone text)') if $publication eq 'leaf';
	my $offset = -s $replica->logfile;
	$replica->safe_psql($db, "CREATE SUBSCRIPTION $db CONNECTION 'host=@{[ $node->host ]} port=@{[ $node->port ]} dbname=crm user=repl' PUBLICATION $publication");
	my $log;
	foreach (1 .. 300)
	{
		$log = slurp_file($replica->logfile, $offset);
		last if $log =~ /from a replication connection/ ||
		  $replica->safe_psql($db, "SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')") eq 't';
		usleep(100_000);
	}
	my $rows = $replica->safe_psql($db, 'SELECT count(*) FROM crm.' . ($publication eq 'leaf' ? 'part' : $table) . ($condition ? " WHERE $condition" : ''));
	$replica->safe_psql($db, "ALTER SUBSCRIPTION $db DISABLE");
	$node->poll_query_until('crm', "SELECT count(*) = 0 FROM pg_replication_slots WHERE active AND slot_name <> 'contact_guard' AND slot_type = 'logical'");
	$replica->safe_psql($db, "DROP SUBSCRIPTION $db");
	return ($rows, $log);
}

my @customer = ('customer', 'id bigint, name text, phone text');
foreach my $case ([ 'a table', 'whole', @customer ], [ 'some columns and rows', 'filtered', 'customer', 'id bigint, phone text' ],
	[ 'a partitioned table', 'root', 'parted', 'id bigint, phone text' ], [ 'its partition', 'leaf', 'parted', 'id bigint, phone text' ],
	[ 'a hidden table', 'hidden', 'depot', 'id bigint, code text, note text' ])
{
	my ($what, @how) = @$case;
	my ($rows, $log) = copied(@how);
	is($rows, 0, "of $what that is withheld nothing is stored in the replica");
	like($log, qr/(withheld|hidden) from a replication connection/, '... and its log says why');
}
my ($rows) = copied('free', 'plain', 'id bigint, word text');
is($rows, 1000, 'an unguarded table is copied');
($rows) = copied('names', 'customer', 'id bigint, name text', "name LIKE 'Customer%'");
is($rows, 50, 'the unguarded columns of a guarded one are');

$node->safe_psql('crm', q(SELECT contact_guard.allow('repl', purpose => 'replica', level => 'bulk')));
($rows) = copied('whole', @customer, q(phone LIKE '06%' AND length(phone) = 10 AND phone !~ '\*'));
is($rows, 50, 'with a standing permission all of it is copied');
is(log_rows($node, 'crm', "event = 'bulk' AND actor = 'repl' AND relation = 'crm.customer' AND purpose = 'replica'") > 0, 1, '... and is on record');
is($node->safe_psql('crm', q(SELECT sum(count) FROM contact_guard.access_log WHERE event = 'bulk' AND actor = 'repl' AND relation = 'crm.customer')), 50, '... with its rows');
($rows) = copied('hidden', 'depot', 'id bigint, code text, note text', q(code LIKE '06%'));
is($rows, 50, '... hidden rows, too');

# Whatever a replication connection runs
{
	$node->safe_psql('crm', q(SELECT contact_guard.disallow('repl')));
	my $repl = Wire->new($node, 'crm', 'repl', replication => 'database');
	foreach my $sql ('COPY crm.customer TO STDOUT', 'COPY (SELECT phone FROM crm.customer) TO STDOUT', 'COPY crm.depot TO STDOUT',
		'SELECT phone FROM crm.customer', 'SELECT note FROM crm.depot')
	{
		my @messages = $repl->query($sql);
		is(Wire::states(@messages), '42501', "$sql in a walsender is refused");
		is(scalar(grep { $_->[0] =~ /[dD]/ } @messages), 0, '... and gives no row');
	}
	my @messages = $repl->query('COPY (SELECT id, name FROM crm.customer) TO STDOUT');
	is(Wire::states(@messages), '', 'what is not guarded is not');
	$repl->quit;
}
done_testing();
