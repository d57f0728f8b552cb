# protect() names other columns that have values of the column that it is to guard, or its
# name.  It compares only what the caller may read, and runs no code of others.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('copies', 'autovacuum = off');
$node->safe_psql('postgres', 'CREATE DATABASE crm; CREATE ROLE owner LOGIN; CREATE ROLE mallory LOGIN');
$node->safe_psql('crm', q(
	CREATE EXTENSION contact_guard;
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin, owner;
	CREATE SCHEMA crm; CREATE SCHEMA other;
	GRANT USAGE, CREATE ON SCHEMA crm TO owner, mallory;
	SET ROLE owner;
	CREATE TABLE crm.customer (id bigint PRIMARY KEY, name text, phone varchar(20), email text, mobile text);
	INSERT INTO crm.customer SELECT i, 'Customer ' || i, '06399800' || to_char(i, 'FM00'), 'c' || i || '@example.org' FROM generate_series(1, 50) i;
	CREATE TABLE crm.change (field text, old_value text, "new Value" text);
	INSERT INTO crm.change SELECT 'phone', 'n/a', phone FROM crm.customer;
	INSERT INTO crm.change SELECT 'city', 'Lyon', 'Marseille' FROM generate_series(1, 50);
	CREATE TABLE crm.search (key text, hits text) PARTITION BY LIST (hits);
	CREATE TABLE crm.search_1 PARTITION OF crm.search DEFAULT;
	INSERT INTO crm.search SELECT '+33 ' || substr(phone, 2, 1) || ' ' || substr(phone, 3, 4) || '-' || substr(phone, 7), 'x' FROM crm.customer;
	CREATE TABLE crm.two (value text);
	INSERT INTO crm.two SELECT phone FROM crm.customer LIMIT 2;
	CREATE TABLE crm.short (value text);
	INSERT INTO crm.short SELECT right(phone, 5) FROM crm.customer;
	CREATE TABLE crm.lead (phone int);
	CREATE MATERIALIZED VIEW crm.empty AS SELECT phone AS p FROM crm.customer WITH NO DATA;
	RESET ROLE;
	CREATE TABLE other.secret (value text);
	INSERT INTO other.secret SELECT phone FROM crm.customer;
	CREATE TABLE other.part (open text, value text);
	INSERT INTO other.part SELECT phone, phone FROM crm.customer;
	GRANT USAGE ON SCHEMA other TO owner;
	GRANT SELECT (open) ON other.part TO owner;
	SET ROLE mallory;
	CREATE FUNCTION crm.told(text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RAISE WARNING 'told % of %', current_user, $1; RETURN true; END$$;
	CREATE TABLE crm.trap (value text);
	INSERT INTO crm.trap VALUES ('0639980001'), ('0639980002'), ('0639980003');
	ALTER TABLE crm.trap ENABLE ROW LEVEL SECURITY;
	CREATE POLICY p ON crm.trap USING (crm.told(value));
	GRANT SELECT ON crm.trap TO owner;));

my $name = 'other columns may keep copies of guarded columns of relation "customer"';
sub protect { my ($columns, $mask) = @_; return (as($node, 'crm', 'admin', "SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{$columns}', mask => '$mask')"))[1] }
sub values_in { return $_[0] =~ /DETAIL: .*?These have some of their values: (.*?)\.(?: These|\n)/ ? $1 : '' }
sub names_in { return $_[0] =~ /DETAIL: .*These have the name of one: (.*?)\.\n/ ? $1 : '' }

my $warned = protect('phone', 'partial(4,2)');
like($warned, qr/WARNING:  \w+: \Q$name\E\n/, 'protect() warns');
is(join(', ', sort split /, /, values_in($warned)), 'crm.change."new Value", crm.search.key, other.part.open', '... of columns with the same values, in another form, too, and of no others');
is(names_in($warned), 'crm.lead.phone', '... and of one with the same name');
unlike($warned, qr/told/, '... and ran no code of others');

# What was guarded before is not compared with what the caller has written
$node->safe_psql('crm', 'CREATE TABLE crm.guess (a text, b text, c text); INSERT INTO crm.guess SELECT phone, email, mobile FROM crm.customer; ALTER TABLE crm.guess OWNER TO owner');
unlike(protect('phone', 'partial(4,0)'), qr/\Q$name\E/, 'a column that is guarded already is not compared');
$warned = protect('phone,email', 'partial(4,0)');
is(values_in($warned), 'crm.guess.b', '... nor beside one that is not');

# Who has rows hidden is told nothing of them
$node->safe_psql('crm', q(SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}', mode => 'hide');
	UPDATE crm.customer SET mobile = '07' || lpad(id::text, 8, '0'); INSERT INTO crm.guess (c) SELECT mobile FROM crm.customer));
unlike(protect('mobile', 'partial(4,0)'), qr/guess/, 'hidden rows are not compared');

# A table that somebody else has locked is passed over
$node->safe_psql('crm', q(SELECT contact_guard.unprotect('crm.customer')));
my $session = session($node, 'crm', 'owner');
$session->query('BEGIN; LOCK TABLE crm.change, crm.lead');
$warned = protect('phone', 'partial(4,2)');
like(values_in($warned), qr/crm\.search\.key/, 'a lock of somebody else is not waited for');
unlike($warned, qr/crm\.change|crm\.lead/, '... his tables are passed over');
$session->query('COMMIT');
$session->quit;

# Long lists are cut
$node->safe_psql('crm', q(SELECT contact_guard.unprotect('crm.customer'); SELECT format('CREATE TABLE other.t%s (phone text)', i) FROM generate_series(1, 20) i \gexec));
like(protect('phone', 'partial(4,2)'), qr/crm\.lead\.phone(?:, other\.t\d+\.phone){7} and 13 more\./, 'a long list is cut');
is(log_rows($node, 'crm', "event IN ('shown', 'withheld') AND actor = 'admin'"), 0, 'nothing of this is a read');

# A child that is guarded already is not compared: who may not read it could test guesses
$node->safe_psql('crm', q(SET ROLE owner; CREATE TABLE crm.child (id bigint, phone text); INSERT INTO crm.child SELECT i, '07112233' || to_char(i, 'FM00') FROM generate_series(1, 50) i;
	CREATE TABLE crm.tested (value text); INSERT INTO crm.tested SELECT phone FROM crm.child));
as($node, 'crm', 'admin', q(SELECT contact_guard.protect('crm.child', 'id', '{phone}', 'partial(2,1)')));
my (undef, $told) = as($node, 'crm', 'admin', q(BEGIN; CREATE TABLE crm.parent (id bigint, phone text); ALTER TABLE crm.child INHERIT crm.parent;
	SELECT contact_guard.protect('crm.parent', 'id', '{phone}', 'partial(2,1)'); ROLLBACK));
unlike($told, qr/tested|ERROR/, 'a child that is guarded already is not compared');
$node->stop;
done_testing();
