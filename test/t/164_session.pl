# act_as_session(): an actor that stays, for logins that an admin has allowed it.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Wire;

my $node = guard_node('session', 'autovacuum = off', 'max_prepared_transactions = 2');
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', 'CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy, dispatcher; CREATE ROLE other LOGIN IN ROLE contact_guard_proxy;
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO pool, other');
sub admin { return join '', as($node, 'crm', 'admin', shift) }

# A session whose statements give their output and errors
my $session;
sub says
{
	my ($sql) = @_;
	$session->{stderr} = '';
	my $out = $session->query($sql);
	my ($error) = $session->{stderr} =~ /((?:ERROR|WARNING): .*)/;
	return $out . ($error // '');
}
my $see = 'SELECT phone FROM crm.customer WHERE id = 1';
my ($value, $mask) = (phone_of(1), mask_of(1));

# Who may
$session = session($node, 'crm', 'pool');
like(says(q(SELECT contact_guard.act_as_session('anna'))), qr/42501: permission denied for function act_as_session/, 'nobody may without being allowed');
like(admin(q(SELECT contact_guard.allow_act_as_session('anna'))), qr/55000: role "anna" may not name actors at all/, 'nor can it be allowed to whom is not a pool');
like((as($node, 'crm', 'pool', q(SELECT contact_guard.allow_act_as_session('pool'))))[1], qr/42501/, 'an admin alone allows it');
is(admin(q(SELECT contact_guard.allow_act_as_session('pool'))), '', 'an admin allows it');
like((as($node, 'crm', 'other', q(SELECT contact_guard.act_as_session('anna'))))[1], qr/42501/, '... to one login, not to the others');
like(says(q(SELECT contact_guard.act_as_session(''))), qr/22023: the actor's name must not be empty/, 'the name is checked as that of act_as()');
like(says(q(SELECT contact_guard.act_as_session('anna', 'eve'))), qr/42501: must be a member of role "eve"/, '... and the role');

# It counts from the next transaction on
is(says($see), $mask, 'before: a mask');
is(says(q(SELECT contact_guard.act_as_session('anna'))), '', 'a call');
is(says('SELECT contact_guard.current_actor()'), 'anna', '... counts from the next statement on');
is(says($see), $value, 'in autocommit mode a technician sees his customers');
is(says("BEGIN; $see"), $value, '... and in a transaction');
says('ROLLBACK');
is(says('SELECT phone FROM crm.customer WHERE id = 50'), mask_of(50), '... no others');
like(says(q(BEGIN; SELECT contact_guard.act_as_session('eve'))), qr/25001: act_as_session\(\) cannot run inside a transaction block/, 'not inside a transaction');
says('ROLLBACK');
my $own = qr/0A000: act_as_session\(\) can only be called by a statement of its own/;
like(says(q(DO $$BEGIN PERFORM contact_guard.act_as_session('eve'); END$$)), $own, '... nor by a DO block');
like(says(q(DO $$DECLARE x text; BEGIN x := contact_guard.act_as_session('eve'); END$$)), $own, '... in a simple expression, either');
is(says(q(SELECT * FROM contact_guard.act_as_session('eve'))) . says($see), $mask, 'as the table of a query, too');
is(says(q(SELECT contact_guard.act_as_session('anna') AS v LIMIT 1)) . says($see), $value, '... and with the LIMIT of a library that asks for one value');
like(says("SELECT $_"), $own, "not beside anything else: $_") foreach q(lower('x'), contact_guard.act_as_session('eve')),
	q(lower('x') FROM contact_guard.act_as_session('eve')), q(x FROM contact_guard.act_as_session('eve') x, generate_series(1, 1)), q(lower(x::text) FROM contact_guard.act_as_session('eve') x);
is(says($see), $value, 'a statement that fails changes nothing');
says(q(SELECT contact_guard.act_as_session('anna')));

# Code of others, which the application's statement runs
$node->safe_psql('crm', q(CREATE TABLE crm.note (session bool); GRANT INSERT ON crm.note TO pool;
	CREATE FUNCTION crm.be_somebody() RETURNS trigger LANGUAGE plpgsql AS $$DECLARE x text; BEGIN
		IF NEW.session THEN x := contact_guard.act_as_session('mallory', 'dispatcher'); ELSE PERFORM contact_guard.act_as('mallory', 'dispatcher'); END IF; RETURN NEW; END$$;
	CREATE TRIGGER note BEFORE INSERT ON crm.note FOR EACH ROW EXECUTE FUNCTION crm.be_somebody()));
$node->safe_psql('crm', q(CREATE VIEW crm.boss AS SELECT 1 AS x FROM contact_guard.act_as_session('mallory', 'dispatcher'::text::regrole); GRANT SELECT ON crm.boss TO pool;
	CREATE FUNCTION crm.boss() RETURNS void LANGUAGE sql AS $$SELECT contact_guard.act_as_session('mallory', 'dispatcher')$$;
	CREATE FUNCTION crm.bosses() RETURNS SETOF void LANGUAGE sql AS $$SELECT contact_guard.act_as_session('mallory', 'dispatcher')$$;
	CREATE FUNCTION crm.boss_for_now() RETURNS void LANGUAGE sql AS $$SELECT contact_guard.act_as('mallory', 'dispatcher')$$));
like(says($_), $own, "nor can $_") foreach 'SELECT * FROM crm.boss', 'SELECT x FROM crm.boss', 'SELECT crm.boss()', 'SELECT * FROM crm.bosses()', 'SELECT crm.bosses()';
like(says('BEGIN; SELECT crm.boss_for_now()'), qr/25001: the actor of this session is already "anna"/, '... nor for a transaction');
says('ROLLBACK');
is(says('SELECT contact_guard.current_actor()'), 'anna', '... the actor stays, too');
like(says('INSERT INTO crm.note VALUES (true)'), $own, 'a trigger cannot name an actor for the session');
like(says('BEGIN; INSERT INTO crm.note VALUES (false)'), qr/25001: the actor of this session is already "anna"/, '... nor another one for the transaction');
says('ROLLBACK');
is(says('SELECT contact_guard.current_actor()'), 'anna', '... the actor stays');

# Code of others where no statement is under way: in parse analysis, at the commit, in Bind, by the fast path
$node->safe_psql('crm', q(CREATE FUNCTION crm.boss_of(text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN
		IF $1 = 'session' THEN PERFORM contact_guard.act_as_session('mallory', 'dispatcher'); ELSE PERFORM contact_guard.act_as('mallory', 'dispatcher'); END IF; RETURN true; END$$;
	CREATE DOMAIN crm.checked AS text CHECK (crm.boss_of(VALUE)); CREATE TYPE crm.pair AS (c crm.checked); CREATE TABLE crm.odd (c crm.checked, a crm.checked[], p crm.pair);
	CREATE FUNCTION crm.later() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM contact_guard.act_as_session('mallory', 'dispatcher'); RETURN NULL; END$$;
	CREATE TABLE crm.deferred (x int); CREATE CONSTRAINT TRIGGER later AFTER INSERT ON crm.deferred DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION crm.later();
	CREATE FUNCTION crm.fast() RETURNS bool LANGUAGE plpgsql AS $$BEGIN RETURN crm.boss_of('session'); END$$; GRANT ALL ON crm.odd, crm.deferred TO pool));
like(says("INSERT INTO crm.$_"), $own, "nor can what it runs: $_") foreach 'deferred VALUES (1)', q{odd (a) VALUES ('{session}')}, q{odd (p) VALUES ('(session)')}, q{odd (c) VALUES ('session')};
like(says("BEGIN; INSERT INTO crm.odd ($_->[0]) VALUES ('$_->[1]')"), qr/25001: the actor of this session is already "anna"/, "... nor for a transaction: $_->[1]") and says('ROLLBACK')
	foreach [ 'a', '{now}' ], [ 'p', '(now)' ];
{
	my $wire = Wire->new($node, 'crm', 'pool');
	my $fast = $node->safe_psql('crm', q(SELECT 'crm.fast()'::regprocedure::oid));
	foreach my $case (map({ [ "Bind of $_->[1]", Wire::parse('', "INSERT INTO crm.odd ($_->[0]) VALUES (\$1)") . Wire::bind_to('', '', $_->[1]) . Wire::execute('') . Wire::sync() ] }
			[ 'c', 'session' ], [ 'a', '{session}' ], [ 'p', '(session)' ]), [ 'the fast path', Wire::message('F', pack('N n n n', $fast, 0, 0, 0)) ])
	{
		$wire->put($case->[1]);
		is(Wire::states($wire->until_ready), '0A000', $case->[0]);
	}
	$wire->close;
}
is(says('SELECT contact_guard.current_actor()'), 'anna', '... the actor stays in all of them');

# Prepared plans follow, also generic ones
says("SET plan_cache_mode = force_generic_plan; PREPARE p AS $see");
is(says('EXECUTE p'), $value, 'a prepared statement');
says(q(SELECT contact_guard.act_as_session('mallory', 'dispatcher')));
is(says('SELECT phone FROM crm.customer WHERE id = 50'), phone_of(50), 'another actor, with the permissions of a role');
is(says('EXECUTE p'), $value, '... by the prepared statement, too');
says(q(SELECT contact_guard.act_as_session('eve')));
is(says('EXECUTE p'), $mask, '... which withholds from the next one');
says(q(SELECT contact_guard.act_as_session('anna')));
is(says(q(BEGIN; SELECT contact_guard.act_as('eve'); EXECUTE p)), "\n$mask", 'act_as() comes before it, in its transaction');
says('COMMIT');
is(says('EXECUTE p'), $value, '... alone');

# Only for the role that has named it
$node->safe_psql('crm', 'GRANT anna TO pool');
says('SET ROLE dispatcher');
is(says('SELECT contact_guard.current_actor()'), 'dispatcher', 'another role is its own actor');
says('RESET ROLE');
is(says('SELECT contact_guard.current_actor()'), 'anna', '... until it is left');

# The end of it
is(says(q(SELECT contact_guard.act_as_nobody())) . says($see), $mask, 'act_as_nobody() ends it');
foreach my $reset ('RESET ALL', 'SET SESSION AUTHORIZATION DEFAULT', 'RESET SESSION AUTHORIZATION', 'BEGIN; SELECT contact_guard.act_as_nobody(); ROLLBACK')
{
	says(q(SELECT contact_guard.act_as_session('anna')));
	is(says($see), $value, "before $reset");
	says($reset);
	is(says($see), $mask, '... which ends it');
}
says("PREPARE again AS $see");
says(q(SELECT contact_guard.act_as_session('anna')));
is(says('EXECUTE again'), $value, 'named again');
says('DISCARD ALL');
is(says($see), $mask, 'DISCARD ALL ends it');
is(says('SELECT contact_guard.current_actor()'), 'pool', '... the actor is the login');

# Each statement asks whether it may stay
says(q(SELECT contact_guard.act_as_session('anna')));
says("PREPARE p AS $see");
is(says('EXECUTE p'), $value, 'named once more');
like(admin(q(SELECT contact_guard.allow_act_as_session('other', false))), qr/NOTICE: .*role "other" was not allowed/, 'to whom it was not allowed');
is(admin(q(SELECT contact_guard.allow_act_as_session('pool', false))), '', 'an admin allows it no longer');
is(says('EXECUTE p'), $mask, '... and the next statement withholds');
admin(q(SELECT contact_guard.allow_act_as_session('pool')));
is(says('EXECUTE p'), $mask, '... also after it was allowed again, until somebody is named');
says(q(SELECT contact_guard.act_as_session('mallory', 'dispatcher')));
is(says('EXECUTE p'), $value, 'an actor with a role');
$node->safe_psql('crm', 'REVOKE dispatcher FROM pool');
is(says('EXECUTE p'), $mask, '... of which the login is no longer a member');
$node->safe_psql('crm', 'GRANT dispatcher TO pool');
says(q(SELECT contact_guard.act_as_session('anna')));
is(says('EXECUTE p'), $value, 'a pool');
$node->safe_psql('crm', 'REVOKE contact_guard_proxy FROM pool');
is(says('SELECT contact_guard.current_actor()'), 'pool', '... that is none any more');
$node->safe_psql('crm', 'GRANT contact_guard_proxy TO pool');


# A look at the privileges that fails is repeated
says(q(SELECT contact_guard.act_as_session('mallory', 'dispatcher')));
is(says('EXECUTE p'), $value, 'an actor with a role, again');
my $locker = session($node, 'crm', 'postgres');
$locker->query('REVOKE dispatcher FROM pool');
$locker->query('BEGIN; LOCK TABLE pg_auth_members IN ACCESS EXCLUSIVE MODE');
says(q(SET lock_timeout = '200ms'));
like(says('EXECUTE p'), qr/55P03/, 'the look waits for a lock, and gives up');
$locker->query('ROLLBACK');
is(says('EXECUTE p'), $mask, '... the next statement withholds');
$locker->quit;

# A pipeline: what follows the call is of the next transaction
{
	my $wire = Wire->new($node, 'crm', 'pool');
	# Values of all rows, and SQLSTATEs
	my $all = sub {
		$wire->put(join('', map { Wire::parse('', $_) . Wire::bind_to('', '') . Wire::execute('') } @_) . Wire::sync());
		my @messages = $wire->until_ready;
		return join '|', (map { @$_ } Wire::rows(@messages)), Wire::states(@messages) || ();
	};
	is($all->(q(SELECT contact_guard.act_as_session('anna')), 'SELECT contact_guard.current_actor()'), '|anna', 'in a pipeline it counts for what follows');
	like($all->('SELECT contact_guard.current_actor()', q(SELECT contact_guard.act_as_session('eve'))), qr/25001/, '... where it is the first');
	is($all->('SELECT contact_guard.act_as_nobody()', 'SELECT contact_guard.current_actor()'), '|pool', '... and the end, too');
	$wire->close;
}

# A function of somebody else's lends nobody its owner's privilege
$node->safe_psql('crm', q(CREATE FUNCTION public.lend() RETURNS void SECURITY DEFINER LANGUAGE sql AS $$SELECT contact_guard.act_as_session('anna')$$));
like((as($node, 'crm', 'other', 'SELECT public.lend()'))[1], qr/42501: role "other" is not allowed to name an actor for its session/, 'SECURITY DEFINER');

# What is on record
$session->quit;
$node->safe_psql('crm', 'SELECT contact_guard.sync()');
is($node->safe_psql('crm', "SELECT string_agg(reason, E'\n' ORDER BY seq) FROM contact_guard.log WHERE event = 'policy' AND reason LIKE '%for its session%'"),
	join("\n", map { "$_ to name an actor for its session: pool" } qw(allow disallow allow)), 'who allowed it is on record');
is($node->safe_psql('crm', "SELECT DISTINCT login FROM contact_guard.access_log WHERE actor = 'mallory'"), 'pool', 'a read names the login, too');
ok(log_is_whole($node, 'crm'), 'the log is whole');
$node->stop;
done_testing();
