# A trusted trigger keeps a second guarded table in step with the first: an UPDATE of another
# column passes, though the trigger sets the guarded one, and nobody can test a guess by it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('instep', 'autovacuum = off');
make_roles($node);
make_crm($node, 'crm', 30);
$node->safe_psql('crm', q(
	CREATE TABLE crm.invoice (id bigint PRIMARY KEY, phone text, note text);
	INSERT INTO crm.invoice SELECT id, phone, 'x' FROM crm.customer;
	CREATE FUNCTION crm.follow() RETURNS trigger LANGUAGE plpgsql SET search_path = crm, pg_temp AS $$
	BEGIN
		UPDATE invoice SET phone = NEW.phone, note = NEW.name WHERE id = NEW.id;
		RETURN NEW;
	END$$;
	SELECT contact_guard.trust_function('crm.follow()', 'keeps crm.invoice in step');
	CREATE TRIGGER follow AFTER UPDATE ON crm.customer FOR EACH ROW EXECUTE FUNCTION crm.follow();
	SELECT contact_guard.protect('crm.invoice', customer => 'id', columns => '{phone}', mask => 'partial(2,1)');
	GRANT SELECT, INSERT, UPDATE ON crm.customer, crm.invoice TO anna;
	CREATE SCHEMA mine AUTHORIZATION anna;));

sub run_as { my ($who, $sql) = @_; return join '', as($node, 'crm', $who, $sql) }
sub both { my ($id) = @_; return $node->safe_psql('crm', "SELECT c.phone = i.phone, c.name = i.note, i.phone FROM crm.customer c JOIN crm.invoice i USING (id) WHERE id = $id") }
my $refused = qr/ERROR:  42501: guarded column crm\.invoice\.phone cannot be written/;

# 1. It works
is(run_as('anna', q(UPDATE crm.customer SET name = 'x' WHERE id = 25)), '', 'another column of a customer without a window');
is(both(25), 't|t|' . phone_of(25), '... the second table follows');
is(run_as('anna', q(UPDATE crm.customer SET phone = '0612000002', name = 'y' WHERE id = 2)), '', 'the number of a customer with a window');
is(both(2), 't|t|0612000002', '... it follows, too');
is(run_as('anna', q(UPDATE crm.customer SET name = 'all')), '', 'all customers at once');
is($node->safe_psql('crm', q(SELECT count(*) FROM crm.customer c JOIN crm.invoice i USING (id) WHERE c.phone = i.phone AND i.note = 'all')), '30', '... all follow');
is(log_rows($node, 'crm', q(event = 'shown' AND actor = 'anna' AND customer::int > 20)), 0, '... and nobody was shown anything');

# An INSERT in a CTE of an UPDATE is an INSERT: its actor chooses the value
$node->safe_psql('crm', 'CREATE TRIGGER follow_new AFTER INSERT ON crm.customer FOR EACH ROW EXECUTE FUNCTION crm.follow(); GRANT DELETE ON crm.customer TO anna');
foreach my $guess (phone_of(26), '0600000000')
{
	like(run_as('anna', "BEGIN; DELETE FROM crm.customer WHERE id = 26; WITH i AS (INSERT INTO crm.customer (id, name, phone) VALUES (26, 'guess', '$guess') RETURNING id)
		UPDATE crm.customer SET name = name WHERE id = 1; ROLLBACK"), $refused, "a guess in a CTE of an UPDATE: $guess");
}
$node->safe_psql('crm', 'DROP TRIGGER follow_new ON crm.customer; REVOKE DELETE ON crm.customer FROM anna');

# 2. Where the tables are out of step the guard counts
$node->safe_psql('crm', q(UPDATE crm.invoice SET phone = '0612000099' WHERE id = 25));
like(run_as('anna', q(UPDATE crm.customer SET name = 'z' WHERE id = 25)), $refused, 'another value is refused');

# 3. No guess passes: without a trigger, by a trigger of one's own table, by an INSERT
my $right = phone_of(26);
like(run_as('anna', "UPDATE crm.invoice SET phone = '$right' WHERE id = 26"), $refused, 'no UPDATE of one\'s own may write what is stored');
is(run_as('anna', q(CREATE TABLE mine.t (id bigint, phone text, name text); CREATE TRIGGER t AFTER UPDATE OR INSERT ON mine.t FOR EACH ROW EXECUTE FUNCTION crm.follow())),
	'', 'a trusted function on a table of one\'s own');
like(run_as('anna', "INSERT INTO mine.t VALUES (26, '$right', 'guess')"), $refused, '... writes no right guess');
$node->safe_psql('crm', 'ALTER TABLE mine.t DISABLE TRIGGER t');
run_as('anna', "INSERT INTO mine.t VALUES (26, 'x', 'guess')");
$node->safe_psql('crm', 'ALTER TABLE mine.t ENABLE TRIGGER t');
like(run_as('anna', "UPDATE mine.t SET phone = '$right'"), $refused, '... nor in an UPDATE');
$node->safe_psql('crm', q(CREATE TRIGGER inserted AFTER INSERT ON crm.customer FOR EACH ROW EXECUTE FUNCTION crm.follow();
	INSERT INTO crm.invoice VALUES (40, '0612000040', 'alone')));
like(run_as('anna', "INSERT INTO crm.customer VALUES (40, 'guess', '$_')"), $refused, "an INSERT of $_ writes nothing over a value") foreach qw(0612000040 0612000041);

# By a row of a customer with a window, which points to another customer
$node->safe_psql('crm', q(
	ALTER TABLE crm.customer ADD ref bigint; ALTER TABLE crm.invoice ADD ref bigint;
	UPDATE crm.invoice SET ref = id;
	CREATE FUNCTION crm.follow_ref() RETURNS trigger LANGUAGE plpgsql SET search_path = crm, pg_temp
		AS $$BEGIN UPDATE invoice SET phone = NEW.phone WHERE ref = NEW.ref; RETURN NEW; END$$;
	SELECT contact_guard.trust_function('crm.follow_ref()', 'keeps crm.invoice in step');
	CREATE TRIGGER by_ref AFTER UPDATE OF ref ON crm.customer FOR EACH ROW EXECUTE FUNCTION crm.follow_ref();
	CREATE TRIGGER before_ref BEFORE UPDATE OF ref ON crm.customer FOR EACH ROW EXECUTE FUNCTION crm.follow_ref();));
like(run_as('anna', "UPDATE crm.customer SET phone = '$right', ref = 26 WHERE id = 1"), $refused, 'the number of one customer is no guess about another');
is(run_as('anna', "UPDATE crm.customer SET phone = '$right' WHERE id = 2"), '', '... which may be written by itself');
like(run_as('anna', 'UPDATE crm.customer SET ref = CASE id WHEN 2 THEN 26 ELSE id END WHERE id IN (2, 26)'), $refused, '... but decides nothing beside his own row');
is(run_as('anna', 'UPDATE crm.customer SET ref = 27 WHERE id = 27'), '', '... and his own is none');
$node->safe_psql('crm', 'DROP TRIGGER before_ref ON crm.customer; DROP TRIGGER by_ref ON crm.customer');
like(run_as('anna', qq(INSERT INTO crm.customer VALUES (26, 'guess', '$right') ON CONFLICT (id) DO UPDATE SET phone = excluded.phone)), qr/ERROR:  42501: guarded column crm\.customer\.phone/, 'an upsert is refused at the first table');

# 4. Only while the function is trusted
$node->safe_psql('crm', q(SELECT contact_guard.distrust_function('crm.follow()')));
isnt(run_as('anna', q(UPDATE crm.customer SET name = 'w' WHERE id = 27)), '', 'not without the trust');

$node->stop;
done_testing();
