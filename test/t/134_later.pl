# Later looks at earlier rows: cursors of every kind, portals of the protocol, stores
# that PostgreSQL replays, after a window has closed or a permission was taken back.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);
use Wire;

my $node = guard_node('later', 'contact_guard.copies = record');
make_roles($node);
make_crm($node, 'crm', 200);
$node->safe_psql('crm', q(
	GRANT CREATE ON SCHEMA crm TO anna;
	CREATE INDEX ON crm.intervention (technician, customer_id);
	GRANT UPDATE ON crm.customer TO anna, dispatcher;
	CREATE FUNCTION crm.phones(lowest int, highest int) RETURNS SETOF text LANGUAGE plpgsql AS
		$$BEGIN RETURN QUERY SELECT phone FROM crm.customer WHERE id BETWEEN lowest AND highest ORDER BY id; END$$;
	CREATE FUNCTION crm.phone(wanted int) RETURNS text LANGUAGE plpgsql AS
		$$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = wanted); END$$;
	CREATE FUNCTION crm.phone_of_query(wanted int) RETURNS SETOF text LANGUAGE sql VOLATILE AS
		$$SELECT phone FROM crm.customer WHERE id = wanted$$;
	CREATE FUNCTION crm.opened(name refcursor) RETURNS refcursor LANGUAGE plpgsql AS
		$$BEGIN OPEN name SCROLL FOR SELECT phone FROM crm.customer WHERE id IN (3, 5) ORDER BY phone; RETURN name; END$$;
	CREATE FUNCTION crm.fetched(name refcursor) RETURNS text LANGUAGE plpgsql AS
		$$DECLARE r text; BEGIN FETCH ABSOLUTE 1 FROM name INTO r; RETURN r; END$$;
));

my $admin = session($node, 'crm', 'postgres');
sub windows
{
	my ($open) = @_;
	my $until = $open ? "now() + interval '1 day'" : "now() - interval '1 second'";
	$admin->query("UPDATE crm.intervention SET ends_at = $until WHERE customer_id <= 5");
	return;
}

# A cursor, what opens and reads it, and what looks at it again
sub look_again
{
	my ($what, $first, @later) = @_;
	my $shown = phone_of(3);
	foreach my $again (@later)
	{
		windows(1);
		my $anna = Wire->new($node, 'crm', 'anna');
		my @before = $anna->query("BEGIN; $first");
		is(Wire::states(@before), '', "$what is read");
		like(join(' ', map { map { $_ // '' } @$_ } Wire::rows(@before)), qr/$shown/, '... and shows') if $first !~ /MOVE/;
		my @open = $anna->query("SAVEPOINT s; $again");
		is(Wire::states(@open), '', "... while the window is open, $again goes on");
		$anna->query("ROLLBACK; BEGIN; $first");
		windows(0);
		my @messages = $anna->query($again);
		is(Wire::states(@messages), '55000', "... after it has closed, $again is refused");
		unlike(join('', map { $_->[1] } @messages), qr/$shown/, '... and shows nothing');
		$anna->quit;
	}
	return;
}

look_again('all of a scrollable cursor', 'DECLARE c SCROLL CURSOR FOR SELECT id, phone FROM crm.customer WHERE id IN (3, 5) ORDER BY phone; FETCH ALL FROM c',
	'FETCH FIRST FROM c', 'FETCH BACKWARD 1 FROM c', 'FETCH BACKWARD ALL FROM c', 'FETCH ABSOLUTE 1 FROM c', 'MOVE ABSOLUTE 0 IN c; FETCH ALL FROM c',
	'FETCH RELATIVE -1 FROM c', 'FETCH PRIOR FROM c');
look_again('one row of it', 'DECLARE c SCROLL CURSOR FOR SELECT id, phone FROM crm.customer WHERE id IN (3, 5) ORDER BY phone; FETCH c',
	'FETCH RELATIVE 0 FROM c', 'FETCH FORWARD 0 FROM c', 'FETCH ABSOLUTE 0 FROM c; FETCH c', 'FETCH LAST FROM c');
look_again('a move over it', 'DECLARE c SCROLL CURSOR FOR SELECT id, phone FROM crm.customer WHERE id IN (3, 5) ORDER BY phone; MOVE ALL FROM c', 'FETCH FIRST FROM c');
look_again('a cursor over a function', 'DECLARE c CURSOR FOR SELECT * FROM crm.phones(3, 5); FETCH c', 'FETCH c', 'FETCH ALL FROM c');
look_again('a cursor over functions', 'DECLARE c CURSOR FOR SELECT * FROM ROWS FROM (generate_series(1, 3), crm.phones(3, 5)) r(i, p); FETCH c', 'FETCH ALL FROM c');
look_again('a cursor with a function in its target', 'DECLARE c SCROLL CURSOR FOR SELECT crm.phone(i) FROM generate_series(3, 5) i ORDER BY 1; FETCH ALL FROM c', 'FETCH FIRST FROM c');
look_again('a cursor with an init plan', 'DECLARE c CURSOR FOR SELECT i, (SELECT crm.phone(3)) FROM generate_series(3, 5) i; FETCH c', 'FETCH c');
look_again('a cursor over a lateral SQL function', 'DECLARE c SCROLL CURSOR FOR SELECT p FROM generate_series(3, 5) i, crm.phone_of_query(i) p ORDER BY 1; FETCH ALL FROM c', 'FETCH FIRST FROM c');
look_again('a refcursor', q(SELECT crm.opened('c'); FETCH ALL FROM c), 'FETCH FIRST FROM c', q(SELECT crm.fetched('c')));
look_again('a refcursor read in a function', q(SELECT crm.opened('c'); SELECT crm.fetched('c')), q(SELECT crm.fetched('c')), 'FETCH RELATIVE 0 FROM c');
look_again('a cursor as XML', q(SELECT crm.opened('c'); SELECT cursor_to_xml('c', 1, true, true, '')), q(SELECT cursor_to_xml('c', 1, true, true, ''))) if $node->safe_psql('crm', q(SELECT count(*) FROM pg_config WHERE name = 'CONFIGURE' AND setting LIKE '%--with-libxml%'));

# What planning has read is a constant of the plan
$node->safe_psql('crm', q(CREATE FUNCTION crm.constant(wanted int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
		$$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = wanted); END$$;
	CREATE FUNCTION crm.by_constant() RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN crm.constant(3); END$$));
look_again('a cursor over a constant', 'DECLARE c SCROLL CURSOR FOR SELECT crm.constant(3) FROM generate_series(1, 3); FETCH c', 'FETCH c', 'FETCH FIRST FROM c');
look_again('a cursor that was only declared', q(SELECT crm.phone(3); DECLARE c CURSOR FOR SELECT crm.constant(3)), 'FETCH c');
foreach my $case ([ 'a prepared statement', 'PREPARE p AS SELECT crm.constant(3)', 'EXECUTE p' ], [ 'a function\'s expression', 'SELECT 1', 'SELECT crm.by_constant()' ])
{
	my ($what, $prepare, $run) = @$case;
	windows(1);
	my $anna = Wire->new($node, 'crm', 'anna');
	$anna->query('SET plan_cache_mode = force_generic_plan');
	$anna->query($prepare);
	is_deeply([ Wire::rows($anna->query($run)) ], [ [ phone_of(3) ] ], "$what with a constant shows") foreach 1 .. 2;
	windows(0);
	my @messages = map { $anna->query($run) } 1 .. 2;
	unlike(join('', map { $_->[1] } @messages), qr/@{[ phone_of(3) ]}/, '... not after the window has closed');
	is_deeply((Wire::rows(@messages))[-1], [ mask_of(3) ], '... and is planned anew');
	$anna->quit;
}

# A statement that runs on delivers what it has sorted, for a second at most
foreach my $sql ('SELECT phone, pg_sleep(0.3) FROM (SELECT phone FROM crm.customer WHERE id <= 20 ORDER BY phone DESC OFFSET 0) s',
	# A nested loop keeps its outer row
	'SET enable_material = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SELECT s.phone, t.z FROM (SELECT id, phone FROM crm.customer WHERE id = 3 OFFSET 0) s, '
	. 'LATERAL (SELECT pg_sleep(0.3) AS z FROM crm.plain p WHERE p.id <> s.id LIMIT 20) t',
	'SELECT p, pg_sleep(0.3) FROM ROWS FROM (crm.phones(1, 20)) f(p)', 'COPY (SELECT p, pg_sleep(0.3) FROM ROWS FROM (crm.phones(1, 20)) f(p)) TO STDOUT')
{
	windows(1);
	my $anna = Wire->new($node, 'crm', 'anna');
	$anna->put(Wire::simple($sql));
	usleep(700_000);
	windows(0);
	my @messages = $anna->until_ready;
	is(Wire::states(@messages), '55000', "$sql is stopped");
	my $rows = grep { $_->[0] =~ /[Dd]/ } @messages;
	cmp_ok($rows, '>', 0, '... in its midst');
	cmp_ok($rows, '<', 9, '... within a second');
	$anna->quit;
}

# ... but who holds nothing back goes on, with masks
{
	windows(1);
	my $anna = Wire->new($node, 'crm', 'anna');
	$anna->put(Wire::simple('SELECT phone, pg_sleep(0.3) FROM crm.customer WHERE id BETWEEN 1 AND 10'));
	usleep(400_000);
	windows(0);
	my @messages = $anna->until_ready;
	is(Wire::states(@messages), '', 'a statement that holds nothing back is not stopped');
	is_deeply([ (map { $_->[0] } Wire::rows(@messages))[6 .. 9] ], [ map { phone_of($_) } 7 .. 10 ], '... and shows what is open');
	$anna->quit;
}

# Many customers are remembered, too
{
	windows(1);
	$node->safe_psql('crm', q(INSERT INTO crm.intervention (customer_id, technician, starts_at, ends_at, status)
		SELECT i, 'eve', now() - interval '1 h', now() + interval '1 day', 'on_site' FROM generate_series(1001, 11100) i;
		INSERT INTO crm.customer SELECT i, 'x', '06' || lpad(i::text, 8, '0') FROM generate_series(1001, 11100) i));
	my $eve = Wire->new($node, 'crm', 'eve');
	my @few = $eve->query('BEGIN; DECLARE c SCROLL CURSOR FOR SELECT phone FROM crm.customer WHERE id BETWEEN 1001 AND 1100; FETCH ALL FROM c; FETCH FIRST FROM c');
	is(Wire::states(@few), '', 'a hundred customers are remembered');
	my @many = $eve->query('DECLARE d SCROLL CURSOR FOR SELECT phone FROM crm.customer WHERE id > 1000; MOVE ALL FROM d; FETCH FIRST FROM d', 300);
	is(Wire::states(@many), '', '... and so are ten thousand');
	$eve->quit;
}

# Held: the store of a function's rows
foreach my $later ('FETCH c', 'FETCH FIRST FROM c')
{
	windows(1);
	my $anna = Wire->new($node, 'crm', 'anna');
	my @messages = $anna->query('DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT * FROM crm.phones(3, 5)');
	is(Wire::states(@messages), '', 'a held cursor over a function');
	is_deeply([ Wire::rows($anna->query('FETCH c')) ], [ [ phone_of(3) ] ], '... shows');
	windows(0);
	@messages = $anna->query($later);
	is(Wire::states(@messages), '55000', "... and after the window has closed $later is refused");
	@messages = $anna->query('SELECT * FROM crm.phones(6, 6)');
	is_deeply([ Wire::rows(@messages) ], [ [ phone_of(6) ] ], '... but not what else is open');
	$anna->quit;
}
{
	windows(1);
	my $anna = Wire->new($node, 'crm', 'anna');
	$anna->query('BEGIN; DECLARE c SCROLL CURSOR WITH HOLD FOR SELECT * FROM crm.phones(3, 5); FETCH c');
	windows(0);
	is(Wire::states($anna->query('COMMIT')), '', 'a cursor may be held when the window has closed');
	is(Wire::states($anna->query('FETCH c')), '55000', '... but shows nothing more');
	$anna->quit;
}

# The protocol's portals: rows piece by piece, of an executor or of a store
sub piece
{
	my ($wire, $portal, $rows) = @_;
	$wire->put(Wire::execute($portal, $rows) . Wire::flush());
	my @messages;
	while (my $message = $wire->next_message(20)) { push @messages, $message; last if $message->[0] =~ /[sCE]/ }
	return @messages;
}
foreach my $case (
	[ 'a SELECT', 'SELECT phone FROM crm.customer WHERE id IN (3, 4, 5) ORDER BY phone' ],
	[ 'a function in FROM', 'SELECT * FROM crm.phones(3, 5)' ],
	[ 'RETURNING', 'UPDATE crm.customer SET name = name WHERE id IN (3, 4, 5) RETURNING phone' ],
	[ 'RETURNING of a function', 'UPDATE crm.customer SET name = name WHERE id IN (3, 4, 5) RETURNING crm.phone(id::int)' ],
	[ 'a data-modifying CTE', 'WITH w AS (UPDATE crm.customer SET name = name WHERE id IN (3, 4, 5) RETURNING phone) SELECT phone FROM w' ],
	[ 'EXECUTE', 'EXECUTE p' ], [ 'FETCH', 'FETCH ALL FROM c' ], [ 'FETCH of what was fetched', 'FETCH BACKWARD ALL FROM d' ],
	[ 'FETCH of what is held', 'FETCH ALL FROM h' ],
	[ 'EXPLAIN', q(EXPLAIN (COSTS OFF) SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3), 1 ])
{
	my ($what, $sql, $open) = @$case;
	foreach my $named ('', 'portal')
	{
		windows(1);
		my $anna = Wire->new($node, 'crm', 'anna');
		$anna->query('DECLARE h CURSOR WITH HOLD FOR SELECT * FROM crm.phones(3, 5)');
		$anna->query('PREPARE p AS SELECT phone FROM crm.customer WHERE id IN (3, 4, 5) ORDER BY id; BEGIN;
			DECLARE c CURSOR FOR SELECT phone FROM crm.customer WHERE id IN (3, 4, 5) ORDER BY id;
			DECLARE d SCROLL CURSOR FOR SELECT phone FROM crm.customer WHERE id IN (3, 4, 5) ORDER BY phone; MOVE ALL FROM d');
		$anna->put(Wire::parse('', $sql) . Wire::bind_to($named, ''));
		like(Wire::types(piece($anna, $named, 1)), qr/^12Ds$/, "$what, first row of " . ($named || 'the unnamed portal'));
		like(Wire::types(piece($anna, $named, 1)), qr/^Ds$/, '... a second one');
		windows(0);
		my @messages = piece($anna, $named, 1);
		is(Wire::types(@messages), $open ? 'Ds' : 'E', '... after the window has closed ' . ($open ? 'it is none of our business' : 'no row comes'));
		is(Wire::states(@messages), $open ? '' : '55000', '... and that is an error');
		$anna->put(Wire::sync());
		is(Wire::types($anna->until_ready), 'Z', '... and the connection goes on');
		$anna->quit;
	}
}

# SQL's FETCH comes to the protocol's portals, too
{
	windows(1);
	my $anna = Wire->new($node, 'crm', 'anna');
	$anna->query('BEGIN');
	$anna->put(Wire::parse('', 'UPDATE crm.customer SET name = name WHERE id IN (3, 4, 5) RETURNING phone') . Wire::bind_to('portal', ''));
	like(Wire::types(piece($anna, 'portal', 1)), qr/^12Ds$/, 'a portal of RETURNING');
	$anna->put(Wire::sync());
	$anna->until_ready;
	windows(0);
	is(Wire::states($anna->query('FETCH portal')), '55000', '... is refused to SQL\'s FETCH');
	$anna->quit;
}

# A permission that is taken back
sub disallow { $admin->query("SELECT contact_guard.disallow('dispatcher')"); return }
sub allow { my ($level) = @_; $admin->query("SELECT contact_guard.allow('dispatcher', purpose => 'planning', level => '$level')"); return }
foreach my $level (qw(recorded bulk))
{
	allow($level);
	my $dispatcher = Wire->new($node, 'crm', 'dispatcher');
	$dispatcher->query('BEGIN; DECLARE c SCROLL CURSOR FOR SELECT phone FROM crm.customer WHERE id IN (30, 50) ORDER BY phone; FETCH ALL FROM c');
	disallow();
	is(Wire::states($dispatcher->query('FETCH FIRST FROM c')), '55000', "level $level: a cursor is refused when the permission is gone");
	$dispatcher->query('ROLLBACK');

	allow($level);
	$dispatcher->put(Wire::simple('SELECT phone, pg_sleep(0.2) FROM crm.customer WHERE id BETWEEN 100 AND 119'));
	usleep(600_000);
	my $at = time;
	disallow();
	my @rows = Wire::rows($dispatcher->until_ready);
	is(scalar @rows, 20, "... a running statement goes on to its end");
	my $clear = grep { $_->[0] eq phone_of($_->[0] =~ /(\d{3})$/ ? $1 : 0) } @rows;
	cmp_ok($clear, '>', 1, '... of a running statement some values are shown');
	cmp_ok($clear, '<', 13, '... and no more within a second after it is taken back');

	allow($level);
	$dispatcher->put(Wire::simple(q(SELECT id, pg_sleep(0.2) FROM crm.customer WHERE phone >= '0600000100' AND phone < '0600000120')));
	usleep(600_000);
	disallow();
	my @messages = $dispatcher->until_ready;
	is(Wire::states(@messages), '55000', '... a look-up is refused in its midst');
	cmp_ok(scalar(Wire::rows(@messages)), '<', 13, '... within a second');
	is(Wire::states($dispatcher->query(q(SELECT id FROM crm.customer WHERE phone = '0600000100'))), '', '... and the next statement has another plan');
	$dispatcher->quit;
	cmp_ok(log_rows($node, 'crm', "event = '" . ($level eq 'bulk' ? 'bulk' : 'shown') . "' AND actor = 'dispatcher' AND purpose = 'planning'"), '>', 0, '... and what was shown is on record with its purpose');
}
# A membership is a permission, too
{
	allow('recorded');
	my $eve = Wire->new($node, 'crm', 'eve');
	$node->safe_psql('crm', 'GRANT dispatcher TO eve');
	$eve->put(Wire::simple('SELECT phone, pg_sleep(0.2) FROM crm.customer WHERE id BETWEEN 100 AND 119'));
	usleep(600_000);
	$node->safe_psql('crm', 'REVOKE dispatcher FROM eve');
	my @rows = Wire::rows($eve->until_ready);
	my $clear = grep { $_->[0] =~ /^06000001/ } @rows;
	cmp_ok($clear, '>', 1, 'a membership shows');
	cmp_ok($clear, '<', 13, '... until a second after its end');
	$eve->quit;
}

$admin->quit;
is($node->safe_psql('crm', 'SELECT problems FROM contact_guard.status()') =~ s/^\{?\}?$//r, '', 'no problem is reported');
done_testing();
