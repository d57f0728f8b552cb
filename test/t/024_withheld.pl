# What the records of withheld reads say: an execution names the customers that it
# withholds while they are few (contact_guard.withheld_detail); a list, and a search, is
# one record with a count.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('withheld', 'fsync = off', 'autovacuum = off');
make_roles($node);
make_crm($node, 'crm', 5000);
$node->safe_psql('crm', q(
	CREATE FUNCTION crm.phone_of(bigint) RETURNS text LANGUAGE plpgsql AS
		'BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END';
	ALTER TABLE crm.customer ADD email text;
	UPDATE crm.customer SET email = 'c' || id || '@example.com';
	GRANT SELECT ON crm.customer TO eve;
	SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{email}')));

is($node->safe_psql('crm', 'SHOW contact_guard.withheld_detail'), 5, 'five customers are named by default');

# The records that the statements make, "event customer columns count" each
my $number = 0;
sub records_of
{
	my ($user, $sql, $before) = @_;
	my $name = 'w' . ++$number;
	as($node, 'crm', $user, ($before // '') . "; SET application_name = '$name'; $sql");
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	return $node->safe_psql('crm', "SELECT concat_ws(' ', event, coalesce(customer, '-'), columns, count) FROM contact_guard.access_log
		WHERE application = '$name' ORDER BY event, customer::int, seq");
}

my $five = join "\n", map { "withheld $_ {phone} 1" } 101 .. 105;
is(records_of('eve', 'SELECT phone FROM crm.customer WHERE id = 100'), 'withheld 100 {phone} 1', 'one customer is named');
is(records_of('eve', 'SELECT phone FROM crm.customer WHERE id BETWEEN 101 AND 105'), $five, 'five are');
is(records_of('eve', 'SELECT phone FROM crm.customer WHERE id BETWEEN 101 AND 106'), 'withheld - {phone} 6', 'of six there is a count alone');
is(records_of('eve', 'SELECT phone, email FROM crm.customer WHERE id BETWEEN 101 AND 200'), 'withheld - {phone,email} 100', 'a list is one record');
is(records_of('eve', 'SELECT c.phone FROM crm.customer c, generate_series(1, 3) WHERE id BETWEEN 101 AND 105'), $five,
	'the same customers several times are named once');
is(records_of('eve', 'SELECT c.phone FROM crm.customer c, generate_series(1, 3) WHERE id BETWEEN 101 AND 106'), 'withheld - {phone} 18',
	'a count is of rows');
is(records_of('anna', 'SELECT phone FROM crm.customer WHERE id BETWEEN 19 AND 28'), "shown 19 {phone} 1\nshown 20 {phone} 1\nwithheld - {phone} 8",
	'what was shown has its records beside it');
is(records_of('anna', 'SELECT phone FROM crm.customer WHERE id IN (20, 21)'), "shown 20 {phone} 1\nwithheld 21 {phone} 1", 'a name beside what was shown');

# Searches
is(records_of('eve', "SELECT id FROM crm.customer WHERE phone = '0600000100'"), 'withheld - {phone} 5000', 'a search is one record');
is(records_of('eve', "SELECT id FROM crm.customer WHERE id IN (101, 102) AND phone LIKE '06%'"), 'withheld - {phone} 2', 'one of few customers, too');
is(records_of('eve', "SELECT id FROM crm.customer WHERE id = 101 AND phone LIKE '06%'"), 'withheld 101 {phone} 1', 'who asks of a single one names him');
is(records_of('eve', "SELECT email FROM crm.customer WHERE id IN (101, 102) AND phone LIKE '06%'"),
	"withheld 101 {phone,email} 1\nwithheld 102 {phone,email} 1", 'what a search puts out is named');

# A long answer leaves in parts: the first record stands before the first part does
is(records_of('eve', 'SELECT phone, repeat(name, 10) FROM crm.customer') =~ s/\d+$//gmr, "withheld - {phone} \nwithheld - {phone} ", 'a long list has two counts');
is($node->safe_psql('crm', q(SELECT sum(count) FROM contact_guard.access_log WHERE application = 'w) . $number . q(')), 5000, '... whose sum is right');
like(records_of('eve', q(SELECT phone, repeat('x', 40000) FROM crm.customer WHERE id BETWEEN 101 AND 120)),
	qr/\A(?:withheld 10[1-5] \{phone\} 1\n){1,5}withheld - \{phone\} \d+(?:\nwithheld - \{phone\} \d+)?\z/, 'names that have left with an answer stand');

# Functions, cursors, settings
is(records_of('eve', 'SELECT crm.phone_of(id) FROM crm.plain WHERE id BETWEEN 101 AND 103'), join("\n", map { "withheld $_ {phone} 1" } 101 .. 103),
	'a function reads in executions of its own');
is(records_of('eve', 'BEGIN; DECLARE c CURSOR FOR SELECT phone FROM crm.customer WHERE id > 100 ORDER BY id; FETCH 2 FROM c; FETCH 10 FROM c; END'),
	"withheld 101 {phone} 1\nwithheld 102 {phone} 1\nwithheld - {phone} 10", 'each FETCH is an execution');
$node->safe_psql('postgres', 'ALTER ROLE eve SET contact_guard.withheld_detail = 0');
is(records_of('eve', 'SELECT phone FROM crm.customer WHERE id = 100'), 'withheld - {phone} 1', 'with withheld_detail = 0 nobody is named');
$node->safe_psql('postgres', 'ALTER ROLE eve SET contact_guard.withheld_detail = 100');
is(records_of('eve', 'SELECT phone FROM crm.customer WHERE id BETWEEN 101 AND 200') =~ tr/\n//, 99, 'with 100, as many are');

# An error
is(records_of('eve', 'SELECT phone, 1 / (id - 103) FROM crm.customer WHERE id BETWEEN 101 AND 200 ORDER BY id'),
	join("\n", map { "withheld $_ {phone} 1" } 101 .. 103), 'an error is an end');

ok(log_is_whole($node, 'crm'), 'the log is whole');
$node->stop;
done_testing();
