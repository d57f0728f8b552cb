# Constraints that exist before the rows fulfil them: NOT VALID, and from PostgreSQL 18 on
# NOT ENFORCED.  What makes them count is decided as what makes them new; what does not
# count is neither a reason to refuse nor to record.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Test::More;

my $node = guard_node('constraints');
my $major = $node->pg_version->major;
make_roles($node);
make_crm($node, 'crm', 60);
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE ROLE owner LOGIN;
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin, owner;
	ALTER SCHEMA crm OWNER TO owner;
	SET ROLE owner;
	CREATE FUNCTION crm.tells(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'told %', $1; RETURN true; END$$;
	CREATE TABLE crm.depot (id bigint PRIMARY KEY, customer_id bigint, code text, note text);
	INSERT INTO crm.depot SELECT i, i, 'SECRET-' || i, CASE WHEN i = 42 THEN 'bad' ELSE 'note' END FROM generate_series(1, 60) i;
	ALTER TABLE crm.depot ADD CONSTRAINT note CHECK (note <> 'bad') NOT VALID, ADD CONSTRAINT code CHECK (code ~ 'SECRET') NOT VALID;
	CREATE TABLE crm.ride (id int PRIMARY KEY, depot_id bigint);
	INSERT INTO crm.ride VALUES (1, 42), (2, 7);
	ALTER TABLE crm.ride ADD CONSTRAINT depot FOREIGN KEY (depot_id) REFERENCES crm.depot NOT VALID;
	CREATE TABLE crm.place (id int PRIMARY KEY);
	INSERT INTO crm.place VALUES (7);
	ALTER TABLE crm.depot ADD CONSTRAINT place FOREIGN KEY (id) REFERENCES crm.place NOT VALID;
	CREATE TABLE crm.tree (id int, zone text, customer_id bigint, door text) PARTITION BY LIST (zone);
	CREATE TABLE crm.tree_n PARTITION OF crm.tree FOR VALUES IN ('n');
	INSERT INTO crm.tree VALUES (42, 'n', 42, 'SECRET-42');
	CREATE TABLE crm.listed (id int PRIMARY KEY, customer_id bigint, phone text, fax text);
	INSERT INTO crm.listed VALUES (1, 7, '0600000007', '1'), (2, 42, '0600000042', '2');
	RESET ROLE;
	SELECT contact_guard.protect('crm.depot', 'customer_id', '{code}', 'constant(WITHHELD)', mode => 'hide');
	SELECT contact_guard.protect('crm.tree_n', 'customer_id', '{door}', 'constant(WITHHELD)', mode => 'hide');
	SELECT contact_guard.protect('crm.listed', 'customer_id', '{phone}', 'partial(2,1)');
	SELECT contact_guard.allow('dispatcher', purpose => 'planning');
	CREATE ROLE planner LOGIN IN ROLE owner;
	SELECT contact_guard.allow('planner', purpose => 'planning');
	GRANT ALL ON ALL TABLES IN SCHEMA crm TO anna, dispatcher));

# What the last command of SQL says: its SQLSTATE, or nothing; and that it tells no value
sub outcome
{
	my ($user, $sql, $expected, $name, $words) = @_;
	my ($out, $err) = as($node, 'crm', $user, "BEGIN; $sql; ROLLBACK");

	is(state_of($err), $expected, $name) or diag($err);
	unlike("$out$err", qr/SECRET|0600000042|told/, '... and nothing is told');
	like($err, $words, '... in words that fit') if $words;
	return;
}

sub problems { return $node->safe_psql('crm', "SELECT count(*) FROM unnest((SELECT problems FROM contact_guard.status())) p WHERE p ~ '$_[0]'") }

# 1. VALIDATE where rows are hidden, on every version
outcome('owner', 'ALTER TABLE crm.depot VALIDATE CONSTRAINT place', '42501', 'a foreign key of hidden rows is not validated by a query that misses them', qr/rows of relation "depot" are hidden/);
outcome('owner', 'ALTER TABLE crm.ride VALIDATE CONSTRAINT depot', '42501', '... nor one that refers to hidden rows', qr/rows of relation "depot" are hidden/);
outcome('planner', 'ALTER TABLE crm.ride VALIDATE CONSTRAINT depot', '', '... a role that sees all rows validates it');
outcome('planner', 'ALTER TABLE crm.depot VALIDATE CONSTRAINT place', '23503', '... and finds what is wrong');
outcome('owner', 'ALTER TABLE crm.depot VALIDATE CONSTRAINT note', '42501', 'a check of hidden rows: not by the owner', qr/validate a check constraint of relation "depot"/);
outcome('admin', 'ALTER TABLE crm.depot VALIDATE CONSTRAINT code', '', '... an admin may');
outcome('admin', 'ALTER TABLE crm.depot VALIDATE CONSTRAINT note', '23514', '... and hears that a row does not pass');
outcome('planner', 'ALTER TABLE crm.depot VALIDATE CONSTRAINT code', '', '... who sees all rows, too');
outcome('owner', 'ALTER TABLE crm.depot VALIDATE CONSTRAINT nothing', '42704', 'one that is not there is an error of PostgreSQL');
outcome('owner', 'ALTER TABLE crm.depot ALTER note SET NOT NULL', '', 'NOT NULL of hidden rows passes');
is(problems('depot: check constraint "code" is not valid'), 1, 'a check that is not valid is a problem');

if ($major < 18)
{
	$node->stop;
	done_testing();
	exit;
}

# 2. NOT NULL as a constraint
outcome('owner', 'ALTER TABLE crm.depot ADD CONSTRAINT nn NOT NULL note NOT VALID; ALTER TABLE crm.depot VALIDATE CONSTRAINT nn', '', 'a NOT NULL of hidden rows is validated as SET NOT NULL does it');
outcome('owner', 'ALTER TABLE crm.listed ADD CONSTRAINT nn NOT NULL phone NOT VALID; ALTER TABLE crm.listed VALIDATE CONSTRAINT nn; ALTER TABLE crm.listed ALTER CONSTRAINT nn NO INHERIT', '', '... of a guarded column, too');
outcome('owner', 'ALTER TABLE crm.listed ALTER COLUMN phone SET NOT NULL, ALTER COLUMN phone DROP NOT NULL', '', '... and dropped');

# 3. Foreign keys that are not enforced
my $ride = 'ALTER TABLE crm.ride DROP CONSTRAINT depot, ADD CONSTRAINT depot FOREIGN KEY (depot_id) REFERENCES crm.depot NOT ENFORCED';
outcome('owner', "$ride; INSERT INTO crm.ride VALUES (3, 999)", '', 'a foreign key that is not enforced passes');
outcome('owner', "$ride; ALTER TABLE crm.ride ALTER CONSTRAINT depot ENFORCED", '42501', 'to enforce it, one must see the rows that it refers to', qr/rows of relation "depot" are hidden/);
outcome('planner', "$ride; ALTER TABLE crm.ride ALTER CONSTRAINT depot ENFORCED", '', '... a role that sees all rows enforces it');
outcome('planner', "$ride; INSERT INTO crm.ride VALUES (3, 999); ALTER TABLE crm.ride ALTER CONSTRAINT depot ENFORCED", '23503', '... and finds what is wrong');
outcome('owner', 'ALTER TABLE crm.ride ALTER CONSTRAINT depot NOT ENFORCED', '', 'the owner may stop enforcing');
my $place = 'ALTER TABLE crm.depot DROP CONSTRAINT place, ADD CONSTRAINT place FOREIGN KEY (id) REFERENCES crm.place NOT ENFORCED';
outcome('owner', "$place; ALTER TABLE crm.depot ALTER CONSTRAINT place ENFORCED", '42501', 'nor is one of hidden rows enforced by a query that misses them', qr/rows of relation "depot" are hidden/);
outcome('planner', "$place; ALTER TABLE crm.depot ALTER CONSTRAINT place ENFORCED", '23503', '... a role that sees all rows finds what is wrong');
$node->safe_psql('crm', 'SET ROLE owner; CREATE TABLE crm.kind (id int PRIMARY KEY); ALTER TABLE crm.tree ADD CONSTRAINT kind FOREIGN KEY (id) REFERENCES crm.kind NOT ENFORCED');
outcome('owner', 'ALTER TABLE crm.tree ALTER CONSTRAINT kind ENFORCED', '42501', '... nor where a partition has the hidden rows', qr/rows of relation "tree_n" are hidden/);
outcome('planner', 'ALTER TABLE crm.tree ALTER CONSTRAINT kind ENFORCED', '23503', '... a role that sees all rows finds what is wrong');
$node->safe_psql('crm', 'SET ROLE owner; CREATE TABLE crm.book (phone text PRIMARY KEY); CREATE TABLE crm.kept (id int, customer_id bigint, phone text REFERENCES crm.book NOT ENFORCED)');
outcome('admin', 'ALTER TABLE crm.listed ADD FOREIGN KEY (phone) REFERENCES crm.book NOT ENFORCED', '0A000', 'a guarded column takes part in no foreign key, enforced or not');
outcome('postgres', q(SELECT contact_guard.protect('crm.kept', 'customer_id', '{phone}')), '0A000', '... and a column of one is not guarded');
outcome('owner', 'ALTER TABLE crm.listed ADD CONSTRAINT who FOREIGN KEY (id) REFERENCES crm.place NOT ENFORCED; ALTER TABLE crm.listed ALTER CONSTRAINT who ENFORCED', '23503', 'another column of a guarded table may, and is checked');
outcome('owner', 'ALTER TABLE crm.ride ADD CONSTRAINT listed FOREIGN KEY (id) REFERENCES crm.listed NOT ENFORCED; ALTER TABLE crm.ride ALTER CONSTRAINT listed ENFORCED', '', '... and be referred to');

# 4. Checks that are not enforced
outcome('owner', q(ALTER TABLE crm.listed ADD CONSTRAINT c CHECK (fax <> 'x') NOT ENFORCED), '', 'a check of other columns that is not enforced passes');
outcome('owner', 'ALTER TABLE crm.listed ADD CONSTRAINT c CHECK (crm.tells(phone)) NOT ENFORCED', '42501', 'one over guarded columns is for admins');
outcome('owner', 'ALTER TABLE crm.listed ADD COLUMN c int CONSTRAINT c CHECK (crm.tells(phone)) NOT ENFORCED', '42501', '... also with a column');
outcome('admin', 'ALTER TABLE crm.listed ADD CONSTRAINT c CHECK (crm.tells(phone)) NOT ENFORCED', '42501', '... whose functions are trusted', qr/trust_function/);
outcome('admin', 'ALTER TABLE crm.listed ADD CONSTRAINT c CHECK (phone <> fax) NOT ENFORCED', '', '... and an admin may');

$node->safe_psql('crm', q(SET ROLE admin;
	ALTER TABLE crm.listed ADD CONSTRAINT differ CHECK (phone <> fax) NOT ENFORCED, ADD CONSTRAINT digits CHECK (phone::bigint > 0) NOT ENFORCED, ADD CONSTRAINT chosen CHECK (phone <> current_user) NOT ENFORCED));
is(problems('listed: check constraint'), 0, 'a check that is not enforced is no problem');
my $lookups = log_rows($node, 'crm', "event = 'lookup' AND relation = 'crm.listed'");
outcome('anna', "UPDATE crm.listed SET fax = '0600000042' WHERE id = 1", '', 'it compares nothing');
is(log_rows($node, 'crm', "event = 'lookup' AND relation = 'crm.listed'"), $lookups, '... so an UPDATE of the other column is no look-up');
outcome('anna', "UPDATE crm.listed SET fax = ('y' || fax)::int WHERE id = 1", '22P02', 'no error can quote what it converts, so an error of the statement is shown', qr/invalid input syntax for type integer: "y1"/);
outcome('owner', 'ALTER TABLE crm.listed ALTER fax SET NOT NULL', '', '... and who sets a setting learns nothing from it');
outcome('owner', 'ALTER TABLE crm.listed ALTER CONSTRAINT differ ENFORCED', '42809', 'PostgreSQL 18 does not enforce it later');
outcome('owner', 'ALTER TABLE crm.listed VALIDATE CONSTRAINT differ', '55000', '... nor validate it');

# 5. Children of a table whose check is not enforced
my $kid = 'CREATE TABLE crm.kid (';
outcome('owner', "$kid) INHERITS (crm.listed)", '', 'a child has its parent\'s checks, which are not enforced');
outcome('owner', "${kid}CONSTRAINT differ CHECK (phone <> fax) NOT ENFORCED) INHERITS (crm.listed)", '', '... also in words of its own');
outcome('owner', "${kid}CONSTRAINT differ CHECK (phone <> fax)) INHERITS (crm.listed)", '42501', '... but enforces them for an admin alone', qr/check constraint "differ"/);
outcome('admin', "${kid}CONSTRAINT differ CHECK (phone <> fax)) INHERITS (crm.listed)", '', '... who may');
$node->safe_psql('crm', q(SET ROLE owner; CREATE TABLE crm.child () INHERITS (crm.listed); INSERT INTO crm.child VALUES (3, 42, '0600000042', '3'); GRANT ALL ON crm.child TO anna));
outcome('owner', 'ALTER TABLE crm.child ADD CONSTRAINT differ CHECK (phone <> fax)', '42501', 'the check of a child that is there is enforced by an admin alone', qr/add a constraint of relation "child"/);
outcome('owner', 'ALTER TABLE crm.child ADD CONSTRAINT differ CHECK (phone <> fax) NOT ENFORCED', '42501', '... as it is added');
$node->safe_psql('crm', 'SET client_min_messages = error; SET ROLE admin; ALTER TABLE crm.child ADD CONSTRAINT differ CHECK (phone <> fax)');
outcome('anna', "UPDATE crm.child SET fax = '0600000042'", '23514', '... from then on it compares');
is(log_rows($node, 'crm', "event = 'lookup' AND relation = 'crm.child'") > 0, 1, '... and whoever sets the other column makes a look-up');

ok(log_is_whole($node, 'crm'), 'the log is whole');
$node->stop;
done_testing();
