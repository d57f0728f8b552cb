# Rows that the actor has inserted in his transaction: what the log says of them, and another row
# at the same place after the subtransaction that inserted has aborted.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('inserts', 'autovacuum = off');
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', q(
	CREATE TABLE crm.lead (id int, customer_id bigint, phone text);
	GRANT ALL ON crm.lead TO anna, dispatcher;
	GRANT INSERT, UPDATE ON crm.customer TO anna;
	CREATE FUNCTION crm.import() RETURNS tid LANGUAGE plpgsql SECURITY DEFINER SET search_path = crm, pg_temp
		AS $$DECLARE r tid; BEGIN INSERT INTO crm.lead VALUES (2, 42, 'secret') RETURNING ctid INTO r; RETURN r; END$$;
	SELECT contact_guard.protect('crm.lead', customer => 'customer_id', columns => '{phone}', mask => 'constant(mask)')));

my $anna = session($node, 'crm', 'anna');

# The line pointer of an aborted row is used again.
$anna->query('BEGIN; SAVEPOINT s');
is($anna->query(q(INSERT INTO crm.lead VALUES (1, 42, 'mine') RETURNING ctid)), '(0,1)', 'a row is inserted');
is($anna->query('SELECT phone FROM crm.lead'), 'mine', '... and known to who inserted it');
$anna->query('ROLLBACK TO s');
$node->safe_psql('crm', 'VACUUM (TRUNCATE false) crm.lead');
is($anna->query('SELECT crm.import()'), '(0,1)', 'a function inserts another one at the same place');
is($anna->query('SELECT phone FROM crm.lead'), 'mask', '... which is not known');
$anna->query('ROLLBACK');

# A subtransaction that was taken over belongs to the one around.
$anna->query(q(BEGIN; SAVEPOINT a; SAVEPOINT b; INSERT INTO crm.lead VALUES (1, 42, 'mine'); RELEASE b));
is($anna->query('SELECT phone FROM crm.lead'), 'mine', 'a row of a savepoint that was released is known');
$anna->query('SAVEPOINT c; ROLLBACK TO c');
is($anna->query('SELECT phone FROM crm.lead'), 'mine', '... also after a later savepoint');
$anna->query('ROLLBACK TO a');
$node->safe_psql('crm', 'VACUUM (TRUNCATE false) crm.lead');
$anna->query('SELECT crm.import()');
is($anna->query('SELECT phone FROM crm.lead'), 'mask', '... and not after the one around it');
$anna->query('ROLLBACK');

# What the log says
$anna->query(q(BEGIN; INSERT INTO crm.customer VALUES (500, 'new', '0699999999')));
is($anna->query('SELECT phone FROM crm.customer WHERE id IN (42, 500) ORDER BY id'), "06*******2\n0699999999", 'of two rows the own one is shown');
$anna->query(q(UPDATE crm.customer SET name = 'saved', phone = '0688888888' WHERE id = 500));
is($anna->query('SELECT name, phone FROM crm.customer WHERE id = 500'), 'saved|06*******8', 'it is saved; the new version is not noted');
$anna->query('COMMIT');
$node->safe_psql('crm', 'SELECT contact_guard.sync()');
is($node->safe_psql('crm', q(SELECT event, customer, intervention, purpose, reason, count(*) FROM contact_guard.access_log
	WHERE actor = 'anna' AND relation = 'crm.customer' AND customer IN ('42', '500') GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2)),
	"shown|500|||inserted by the reader in this transaction|2\nwithheld|42|||no window|1\nwithheld|500|||no window|1", 'the log says why');

# A standing permission needs no notes.
my $dispatcher = session($node, 'crm', 'dispatcher');
$dispatcher->query(q(BEGIN; INSERT INTO crm.lead VALUES (3, 42, 'mine')));
is($dispatcher->query('SELECT phone FROM crm.lead WHERE id = 3'), 'mine', 'a standing permission');
$dispatcher->query('ROLLBACK');
unlike($dispatcher->query('EXPLAIN VERBOSE SELECT phone FROM crm.lead'), qr/ctid/, '... does not make plans ask for the place of a row');
like($anna->query('EXPLAIN VERBOSE SELECT phone FROM crm.lead'), qr/ctid/, '... as those of the other one do');

$_->quit foreach $anna, $dispatcher;
$node->stop;
done_testing();
