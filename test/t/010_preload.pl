# A server that has not preloaded the library, or a session that loads it by hand.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Test::More;

my $node = guard_node('preload');
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', q(
	CREATE TABLE crm.shut (id bigint PRIMARY KEY, phone text);
	INSERT INTO crm.shut VALUES (1, '0612345678');
	GRANT SELECT ON crm.shut TO anna, dispatcher;
	GRANT SELECT ON crm.shut TO eve;
	CREATE ROLE owner LOGIN;
	ALTER TABLE crm.shut OWNER TO owner;
	GRANT contact_guard_admin TO owner;
	GRANT USAGE, CREATE ON SCHEMA crm TO owner;
	SET ROLE owner;
	SET client_min_messages = error;
	SELECT contact_guard.protect('crm.shut', customer => 'id', columns => '{phone}', mask => 'partial(2,1)', fallback => 'rls')));
my $shut = 'SELECT phone FROM crm.shut';
is((as($node, 'crm', 'anna', $shut))[0], '0612345678', 'with the library a fallback table shows the value in a window');
is((as($node, 'crm', 'eve', $shut))[0], '06*******8', '... and the mask elsewhere');
is((as($node, 'crm', 'dispatcher', $shut))[0], '0612345678', '... and to those who may');
is((as($node, 'crm', 'owner', $shut))[0], '06*******8', '... and its owner gets the mask');
is((as($node, 'crm', 'anna', 'SELECT id FROM crm.shut'))[0], '1', '... all rows, at any rate');

# LOAD where it has been preloaded does nothing
is((as($node, 'crm', 'postgres', "LOAD 'contact_guard'; SELECT 1"))[0], '1', 'LOAD where it is preloaded');

$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;

my ($out, $err) = as($node, 'postgres', 'postgres', 'CREATE EXTENSION contact_guard');
is(state_of($err), '55000', 'not preloaded: CREATE EXTENSION is refused');
like($err, qr/contact_guard must be loaded when the server starts/, '... says why');
like($err, qr/HINT:.*shared_preload_libraries = 'contact_guard'.*postgresql\.conf.*restart/s, '... which line to add, and where');
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_namespace WHERE nspname = 'contact_guard'"), 0, '... and leaves nothing behind');

foreach my $user (qw(anna dispatcher eve owner))
{
	($out, $err) = as($node, 'crm', $user, $shut);
	is(state_of($err), '55000', "a fallback table is refused to $user");
	unlike("$out$err", qr/0612345678/, '... without a value');
}
($out, $err) = as($node, 'crm', 'anna', 'SET row_security = off; ' . $shut);
unlike("$out$err", qr/0612345678/, 'row_security = off does not help');
($out, $err) = as($node, 'crm', 'anna', 'COPY crm.shut TO STDOUT');
unlike("$out$err", qr/0612345678/, 'nor does COPY');
is((as($node, 'crm', 'anna', 'SELECT word FROM crm.plain WHERE id = 3'))[0], 'word 3', 'other tables work');
is((as($node, 'crm', 'anna', 'SELECT name FROM crm.customer WHERE id = 3'))[0], 'Customer 3', 'so does a protected one, its other columns');
is($node->safe_psql('crm', "CREATE TABLE crm.t AS SELECT 1 AS i; DROP TABLE crm.t; SELECT 'done'"), 'done', 'so does DDL');
is(state_of((as($node, 'crm', 'postgres', "SELECT contact_guard.protect('crm.plain', customer => 'id', columns => '{word}')"))[1]),
	'55000', 'protect() is refused');

# The library in one session only
my $session = session($node, 'crm', 'postgres');
$session->query("LOAD 'contact_guard'");
is($session->{stderr}, '', 'LOAD by hand');
foreach my $query ('SELECT phone FROM crm.customer WHERE id = 1', $shut, 'COPY crm.customer TO STDOUT',
	'UPDATE crm.customer SET name = phone WHERE id = 1')
{
	$session->{stderr} = '';
	$out = $session->query($query);
	is(state_of($session->{stderr}), '55000', "... guarded columns are refused there: $query");
	is($out, '', '... without a value');
}
$session->{stderr} = '';
is($session->query('SELECT word FROM crm.plain WHERE id = 3'), 'word 3', '... other tables work');
is($session->query('SELECT name FROM crm.customer WHERE id = 3'), 'Customer 3', '... and other columns');
is($session->{stderr}, '', '... without an error');
$session->query('SELECT contact_guard.sync()');
is(state_of($session->{stderr}), '55000', 'sync() is refused');
foreach my $command ('CREATE DATABASE other', 'DROP DATABASE other')
{
	$session->{stderr} = '';
	$session->query($command);
	is($session->{stderr}, '', "... $command works there");
}
$session->quit;

# And back
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;
is((as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1'))[0], phone_of(1), 'preloaded again: all is as before');
is((as($node, 'crm', 'eve', $shut))[0], '06*******8', '... the fallback table, too');
ok(log_rows($node, 'crm', "event = 'shown' AND actor = 'anna'") == 2, '... and the log goes on');
ok(log_is_whole($node, 'crm', 1), '... whole, but for the time without the library');
$node->stop;
done_testing();
