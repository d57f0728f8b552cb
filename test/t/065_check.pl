# The check of the plan: a guarded relation that the rewrite has not seen is refused,
# whatever brought it into the plan.  test/modules/late_inline.c has the planner
# inline SQL functions behind contact_guard's back.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__) . '/lib';
use Guarded;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $module = PostgreSQL::Test::Utils::tempdir() . '/late_inline';
my $include = `pg_config --includedir-server`;
chomp $include;
system_or_bail('cc', '-shared', '-fPIC', '-O1', "-I$include", '-o', "$module.so",
	dirname(__FILE__) . '/../modules/late_inline.c');

my $node = guard_node('check');
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', q(
	CREATE FUNCTION crm.phones() RETURNS SETOF text STABLE LANGUAGE sql AS 'SELECT phone FROM crm.customer';
	CREATE FUNCTION crm.names() RETURNS SETOF text STABLE LANGUAGE sql AS 'SELECT word FROM crm.plain';));
my %queries = (
	plain => 'SELECT phones FROM crm.phones() WHERE phones = \'0600000042\'',
	lateral => 'SELECT p FROM crm.plain, LATERAL crm.phones() p WHERE id = 1',
	sublink => 'SELECT (SELECT p FROM crm.phones() p WHERE p = \'0600000042\')',
	guarded => 'SELECT p FROM crm.customer, LATERAL crm.phones() p WHERE id = 1');

foreach my $name (sort keys %queries)
{
	my ($out, $err) = as($node, 'crm', 'anna', $queries{$name});
	unlike($out . $err, qr/0600000042/, "$name: masked as it should be");
	is(state_of($err), '', '... without an error');
}

$node->append_conf('postgresql.conf', "shared_preload_libraries = '$module,contact_guard'");
$node->restart;
like(as($node, 'crm', 'anna', 'EXPLAIN SELECT * FROM crm.names() n'), qr/Seq Scan on plain/,
	'with the module the planner does inline');
foreach my $name (sort keys %queries)
{
	my ($out, $err) = as($node, 'crm', 'anna', $queries{$name});
	is(state_of($err), '0A000', "$name: inlined late, it is refused");
	is($out, '', '... and shows nothing');
}

$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->stop;
done_testing();
