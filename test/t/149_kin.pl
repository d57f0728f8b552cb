# What is guarded in a relation, and what may be done with its values, is derived from the
# relations above and below it.  Each test keeps sessions that have derived it before a
# tie changes.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('kin', 'autovacuum = off', 'log_min_messages = fatal', 'wal_writer_delay = 10s');
make_roles($node);
make_crm($node, 'crm', 60);
$node->safe_psql('crm', q(
	CREATE ROLE owner LOGIN; CREATE ROLE admin LOGIN IN ROLE contact_guard_admin, owner;
	GRANT ALL ON SCHEMA crm TO owner; CREATE SCHEMA own2 AUTHORIZATION owner; GRANT USAGE ON SCHEMA own2 TO PUBLIC;
	ALTER DEFAULT PRIVILEGES FOR ROLE owner GRANT ALL ON TABLES TO PUBLIC;
	SET ROLE owner;
	CREATE FUNCTION own2.spy(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'told %', $1; RETURN true; END$$;));

sub owner { return as($node, 'crm', 'owner', "SET client_min_messages = error; SET search_path = crm; $_[0]") }

sub make
{
	my ($sql) = @_;
	my (undef, $err) = owner($sql);
	is($err, '', 'the owner makes ' . substr $sql, 0, 60);
	return;
}

sub protect
{
	my ($relation, $column) = @_;
	my (undef, $err) = as($node, 'crm', 'admin', "SET client_min_messages = error;
		SELECT contact_guard.protect('crm.$relation', 'customer_id', '{@{[ $column // 'phone' ]}}', 'constant(WITHHELD)')");
	is($err, '', "$relation is protected");
	return;
}

# All that a kept session received, errors included
sub ask
{
	my ($session, $sql) = @_;
	my $out = $session->query($sql) . $session->{stderr};
	$session->{stderr} = '';
	return $out;
}

# A session that has met the relation in every way, with plans that are kept
my @ways = ('TABLE crm.%s', 'EXECUTE p', 'SELECT own2.f_%s()', 'COPY crm.%s TO STDOUT', 'SELECT string_agg(phone, \',\') FROM crm.%s WHERE phone LIKE \'SECRET%%\'');
sub kept
{
	my ($relation) = @_;
	make("CREATE FUNCTION own2.f_$relation() RETURNS SETOF text LANGUAGE plpgsql AS 'BEGIN RETURN QUERY SELECT phone FROM crm.$relation; END'");
	my $session = session($node, 'crm', 'eve');
	$session->query("SET plan_cache_mode = force_generic_plan; PREPARE p AS SELECT phone FROM crm.$relation");
	ask($session, sprintf $_, $relation) foreach @ways, @ways;
	return $session;
}

sub sees
{
	my ($session, $relation, $pattern, $name) = @_;
	like(ask($session, sprintf $_, $relation), $pattern, "$name: " . sprintf $_, $relation) foreach @ways[0 .. 3];
	return;
}

# A tie makes a relation guarded that neither of its ends is
my $columns = 'id bigint, customer_id bigint, phone text, note text';
my @joins = (
	[ 'INHERIT, a grandchild', 'd1', 'p1', "CREATE TABLE p1 ($columns); CREATE TABLE c1 ($columns); CREATE TABLE d1 () INHERITS (c1)",
		'ALTER TABLE c1 INHERIT p1' ],
	[ 'INHERIT, a great-grandchild', 'e2', 'p2', "CREATE TABLE p2 ($columns); CREATE TABLE c2 ($columns);
		CREATE TABLE d2 () INHERITS (c2); CREATE TABLE e2 () INHERITS (d2)", 'ALTER TABLE c2 INHERIT p2' ],
	[ 'INHERIT of what is above', 'd3', 'g3', "CREATE TABLE g3 ($columns); CREATE TABLE p3 ($columns); CREATE TABLE c3 () INHERITS (p3);
		CREATE TABLE d3 () INHERITS (c3)", 'ALTER TABLE p3 INHERIT g3' ],
	[ 'INHERIT of a child of what is guarded', 'd4', 'g4', "CREATE TABLE g4 ($columns); CREATE TABLE p4 () INHERITS (g4); CREATE TABLE c4 ($columns);
		CREATE TABLE d4 () INHERITS (c4)", 'ALTER TABLE c4 INHERIT p4' ],
	[ 'ATTACH', 'd5', 'p5', "CREATE TABLE p5 ($columns) PARTITION BY RANGE (id); CREATE TABLE c5 ($columns) PARTITION BY RANGE (id);
		CREATE TABLE d5 PARTITION OF c5 DEFAULT", 'ALTER TABLE p5 ATTACH PARTITION c5 DEFAULT' ],
	[ 'ATTACH to a partition', 'e6', 'g6', "CREATE TABLE g6 ($columns) PARTITION BY RANGE (id); CREATE TABLE p6 PARTITION OF g6 DEFAULT PARTITION BY RANGE (id);
		CREATE TABLE c6 ($columns) PARTITION BY RANGE (id); CREATE TABLE d6 PARTITION OF c6 DEFAULT PARTITION BY RANGE (id);
		CREATE TABLE e6 PARTITION OF d6 DEFAULT", 'ALTER TABLE p6 ATTACH PARTITION c6 FOR VALUES FROM (0) TO (100)' ],
	[ 'CREATE TABLE with two parents, the other parent', 'q7', 'p7', "CREATE TABLE p7 ($columns); CREATE TABLE q7 ($columns)", 'CREATE TABLE c7 () INHERITS (p7, q7)', 'c7' ],
	[ 'INHERIT with two parents, above the other parent', 'q8', 'p8', "CREATE TABLE p8 ($columns); CREATE TABLE q8 ($columns); CREATE TABLE r8 () INHERITS (q8);
		CREATE TABLE c8 () INHERITS (r8); CREATE TABLE d8 () INHERITS (c8)", 'ALTER TABLE c8 INHERIT p8', 'd8' ]);
foreach my $join (@joins)
{
	my ($what, $relation, $guarded, $made, $tie, $store) = @$join;
	make($made);
	protect($guarded);
	my $eve = kept($relation);
	my $own = session($node, 'crm', 'owner');
	ask($own, "SELECT count(*) FROM crm.$relation");
	make($tie);
	$store //= $relation;
	is((as($node, 'crm', 'eve', "INSERT INTO crm.$store VALUES (1, 42, 'SECRET-42', 'n')"))[1], '', '... and somebody stores a value');
	my $seen = join "\n", map { ask($eve, sprintf $_, $relation) } @ways;
	unlike($seen, qr/SECRET/, "$what: a kept session does not see it");
	# A relation above guarded ones is not read at all
	my ($pattern, $count) = $store eq $relation ? (qr/WITHHELD/, 4) : (qr/0A000: guarded relation/, 4);
	is(() = $seen =~ /$pattern/g, $count, '... but masks, or a refusal') or diag $seen;
	like(ask($own, "ALTER TABLE crm.$store ADD CHECK (own2.spy(phone))"), qr/42501/, '... nor does the owner bring code to it');
	like(ask($own, "CREATE TRIGGER t BEFORE UPDATE ON crm.$store FOR EACH ROW EXECUTE FUNCTION tsvector_update_trigger('note', 'pg_catalog.simple', 'phone')"),
		qr/42501/, '... nor a trigger');
	$_->quit foreach $eve, $own;
}

# A session at work is waited for: its plan and its cursor know nothing of the guard
sub waits
{
	my ($what, $made, $guarded, $role, $work, $tie) = @_;
	make($made);
	protect($guarded);
	my $eve = session($node, 'crm', 'eve');
	is(ask($eve, "BEGIN; SET search_path = crm; $work"), '', "$what: at work");
	my (undef, $err) = as($node, 'crm', $role, "SET search_path = crm; SET lock_timeout = '100ms'; $tie");
	is(state_of($err), '55P03', '... and waited for') or diag $err;
	ask($eve, 'COMMIT');
	(undef, $err) = as($node, 'crm', $role, "SET search_path = crm; $tie");
	is($err, '', '... then the tie is made');
	$eve->quit;
	return;
}
waits('a cursor on a grandchild', "CREATE TABLE p20 ($columns); CREATE TABLE c20 ($columns); CREATE TABLE d20 () INHERITS (c20)", 'p20', 'owner',
	'DECLARE c CURSOR FOR TABLE d20', 'ALTER TABLE c20 INHERIT p20');
waits('a write above', "CREATE TABLE g21 ($columns) PARTITION BY RANGE (id); CREATE TABLE p21 PARTITION OF g21 FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
	CREATE TABLE c21 ($columns)", 'c21', 'admin', 'INSERT INTO g21 SELECT WHERE false', 'ALTER TABLE p21 ATTACH PARTITION c21 DEFAULT');
# ... but where there is nothing new for it, nobody waits
make("CREATE TABLE p22 ($columns) PARTITION BY RANGE (id); CREATE TABLE c22 ($columns); CREATE TABLE q22 ($columns); CREATE TABLE r22 () INHERITS (q22); CREATE TABLE s22 ($columns)");
protect('p22');
{
	my $eve = session($node, 'crm', 'eve');
	ask($eve, 'BEGIN; DECLARE c CURSOR FOR TABLE crm.p22; DECLARE d CURSOR FOR TABLE crm.r22');
	is((owner("SET lock_timeout = '100ms'; ALTER TABLE p22 ATTACH PARTITION c22 DEFAULT"))[1], '', 'a new partition waits for no reader of a guarded table');
	is((owner("SET lock_timeout = '100ms'; ALTER TABLE q22 INHERIT s22"))[1], '', '... and where nothing is guarded nobody waits for grandchildren');
	$eve->quit;
}

# Rows are routed from above by plans that have never heard of the guarded relation
make("CREATE TABLE g30 ($columns, PRIMARY KEY (id)) PARTITION BY RANGE (id); CREATE TABLE p30 PARTITION OF g30 FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
	CREATE TABLE o30 PARTITION OF p30 FOR VALUES FROM (0) TO (10); CREATE TABLE c30 ($columns, PRIMARY KEY (id)); INSERT INTO c30 VALUES (12, 42, 'SECRET-42')");
protect('c30');
{
	my $eve = session($node, 'crm', 'eve');
	ask($eve, "SET plan_cache_mode = force_generic_plan; PREPARE u AS INSERT INTO crm.g30 VALUES (\$1, 42, 'mine') ON CONFLICT (id) DO UPDATE SET note = 'x' RETURNING phone");
	is(ask($eve, 'EXECUTE u(1)'), 'mine', 'a plan that writes above');
	is((as($node, 'crm', 'admin', 'ALTER TABLE crm.p30 ATTACH PARTITION crm.c30 FOR VALUES FROM (10) TO (100)'))[1], '', '... when a guarded partition comes');
	unlike(ask($eve, 'EXECUTE u(12)'), qr/SECRET/, '... is made again');
	$eve->quit;
}

# What leaves keeps its policy, its descendants too; what the admin then does is heard of
my @leaves = (
	[ 'NO INHERIT', 'd40', "CREATE TABLE p40 ($columns); CREATE TABLE c40 () INHERITS (p40); CREATE TABLE d40 () INHERITS (c40)", 'p40', 'c40',
		'ALTER TABLE crm.c40 NO INHERIT crm.p40' ],
	[ 'DETACH', 'd41', "CREATE TABLE p41 ($columns) PARTITION BY RANGE (id); CREATE TABLE c41 PARTITION OF p41 FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
		CREATE TABLE d41 PARTITION OF c41 DEFAULT", 'p41', 'c41', 'ALTER TABLE crm.p41 DETACH PARTITION crm.c41' ],
	[ 'DETACH CONCURRENTLY', 'd42', "CREATE TABLE p42 ($columns) PARTITION BY RANGE (id); CREATE TABLE c42 PARTITION OF p42 FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
		CREATE TABLE d42 PARTITION OF c42 DEFAULT", 'p42', 'c42', 'ALTER TABLE crm.p42 DETACH PARTITION crm.c42 CONCURRENTLY' ]);
foreach my $leave (@leaves)
{
	my ($what, $relation, $made, $guarded, $child, $tie) = @$leave;
	make($made);
	protect($guarded);
	is((as($node, 'crm', 'eve', "INSERT INTO crm.$relation VALUES (1, 42, 'SECRET-42', 'n')"))[1], '', 'a value is stored');
	my $eve = kept($relation);
	sees($eve, $relation, qr/WITHHELD/, 'before');
	is((as($node, 'crm', 'admin', $tie))[1], '', "... $what");
	sees($eve, $relation, qr/WITHHELD/, 'after');
	is((as($node, 'crm', 'admin', "SELECT contact_guard.unprotect('crm.$child')"))[1], '', '... and no longer protected');
	sees($eve, $relation, qr/SECRET-42/, 'then');
	$eve->quit;
}

# A broken policy shows its columns to nobody, and does not become none when the table leaves
make("CREATE TABLE p45 ($columns); CREATE TABLE c45 () INHERITS (p45); CREATE TABLE d45 () INHERITS (c45); INSERT INTO d45 VALUES (1, 42, 'SECRET-42')");
protect('p45');
make('ALTER TABLE p45 DROP COLUMN customer_id');
{
	my $eve = kept('d45');
	sees($eve, 'd45', qr/its policy is broken/, 'before');
	is((as($node, 'crm', 'admin', 'ALTER TABLE crm.c45 NO INHERIT crm.p45'))[1], '', '... NO INHERIT');
	sees($eve, 'd45', qr/its policy is broken/, 'after');
	$eve->quit;
}

# A DETACH CONCURRENTLY that has not ended: the partition still inherits
make("CREATE TABLE p50 ($columns) PARTITION BY RANGE (id); CREATE TABLE c50 PARTITION OF p50 FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
	CREATE TABLE d50 PARTITION OF c50 DEFAULT; INSERT INTO d50 VALUES (1, 42, 'SECRET-42', 'NOTE-42')");
protect('p50', 'note');
{
	my $eve = kept('d50');
	my $reader = session($node, 'crm', 'anna');
	ask($reader, 'BEGIN; SELECT id FROM crm.p50');
	my $admin = IPC::Run::start([ $node->installed_command('psql'), '-X', '-q', '-h', $node->host, '-p', $node->port, '-U', 'admin', '-d', 'crm',
		'-c', 'ALTER TABLE crm.p50 DETACH PARTITION crm.c50 CONCURRENTLY' ], '>&', \my $out, IPC::Run::timeout(60));
	$node->poll_query_until('crm', q(SELECT inhdetachpending FROM pg_inherits WHERE inhrelid = 'crm.c50'::regclass)) or die;
	$node->safe_psql('crm', q(SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE query LIKE 'ALTER TABLE crm.p50%'));
	$admin->finish;
	ask($reader, 'COMMIT');
	$reader->quit;
	sees($eve, 'd50', qr/SECRET-42/, 'pending');
	protect('p50', 'phone');
	sees($eve, 'd50', qr/WITHHELD/, 'a new guard above a pending partition');
	is((as($node, 'crm', 'admin', 'ALTER TABLE crm.p50 DETACH PARTITION crm.c50 FINALIZE'))[1], '', '... FINALIZE');
	sees($eve, 'd50', qr/WITHHELD/, 'then');
	$eve->quit;
}

# DROP of an ancestor takes all below it
make("CREATE TABLE p51 ($columns); CREATE TABLE q51 ($columns); CREATE TABLE c51 () INHERITS (p51); CREATE TABLE d51 () INHERITS (c51, q51);
	INSERT INTO d51 VALUES (1, 42, 'SECRET-42')");
protect('p51');
{
	my $eve = kept('q51');
	sees($eve, 'q51', qr/0A000: guarded relation|^$/, 'above a guarded child');
	make('DROP TABLE p51 CASCADE');
	is((as($node, 'crm', 'eve', "INSERT INTO crm.q51 VALUES (1, 42, 'free')"))[1], '', 'stored where nothing is guarded any more');
	sees($eve, 'q51', qr/free/, 'after the DROP');
	$eve->quit;
}

# Values do not reach what could carry them off before their record is durable.  The
# witness, a superuser's function, says whether it is when it is called.
$node->safe_psql('crm', qq(
	CREATE EXTENSION postgres_fdw;
	CREATE SERVER here FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '@{[ $node->host ]}', port '@{[ $node->port ]}', dbname 'crm');
	CREATE USER MAPPING FOR PUBLIC SERVER here OPTIONS (user 'eve', password_required 'false');
	GRANT USAGE ON FOREIGN SERVER here TO owner;
	CREATE TABLE own2.began (at pg_lsn); CREATE TABLE own2.seen (durable bool);));
$node->safe_psql('crm', q(
	CREATE FUNCTION own2.witness() RETURNS text LANGUAGE plpgsql SECURITY DEFINER SET search_path = own2 AS $$
		BEGIN
			INSERT INTO seen SELECT coalesce(journal_lsn > at AND journal_lsn <= pg_current_wal_flush_lsn(), false) FROM contact_guard.status(), began;
			RETURN 'none';
		END$$;
	CREATE FUNCTION own2.trigger() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM own2.witness(); RETURN NEW; END$$;
	CREATE FUNCTION own2.check(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$BEGIN PERFORM own2.witness(); RETURN true; END$$;
	CREATE VIEW own2.far AS SELECT 7::bigint AS id, own2.witness() AS note; GRANT SELECT ON own2.far TO PUBLIC;));

sub durable
{
	my ($session, $sql) = @_;
	$node->safe_psql('crm', 'SELECT contact_guard.sync(); TRUNCATE own2.began, own2.seen; INSERT INTO own2.began SELECT pg_current_wal_insert_lsn()');
	my $said = ask($session, $sql);
	return ($said =~ /ERROR/ ? $said : '') . $node->safe_psql('crm', q(SELECT coalesce(string_agg(DISTINCT durable::text, ' '), 'not called') FROM own2.seen));
}

my $update = 'UPDATE crm.%s t SET note = concat(note, c.phone) FROM crm.customer c WHERE c.id = t.id';
my $select = 'SELECT t.id FROM crm.%s t WHERE note = (SELECT phone FROM crm.customer WHERE id = 7)';
my $foreign = "SERVER here OPTIONS (schema_name 'own2', table_name 'far')";
my @carriers = (
	[ 'a trigger of the relation itself', 'v1', $update, 'CREATE TABLE v1 (id bigint, note text); INSERT INTO v1 VALUES (7)',
		'CREATE TRIGGER t BEFORE UPDATE ON v1 FOR EACH ROW EXECUTE FUNCTION own2.trigger()' ],
	[ 'a trigger of a child', 'v2', $update, 'CREATE TABLE v2 (id bigint, note text); CREATE TABLE w2 () INHERITS (v2); INSERT INTO w2 VALUES (7)',
		'CREATE TRIGGER t BEFORE UPDATE ON w2 FOR EACH ROW EXECUTE FUNCTION own2.trigger()' ],
	[ 'a trigger of a grandchild', 'v3', $update, 'CREATE TABLE v3 (id bigint, note text); CREATE TABLE w3 () INHERITS (v3); CREATE TABLE x3 () INHERITS (w3);
		INSERT INTO x3 VALUES (7)', 'CREATE TRIGGER t BEFORE UPDATE ON x3 FOR EACH ROW EXECUTE FUNCTION own2.trigger()' ],
	[ 'a check of a child', 'v4', $update, 'CREATE TABLE v4 (id bigint, note text); CREATE TABLE w4 () INHERITS (v4); INSERT INTO w4 VALUES (7)',
		'ALTER TABLE w4 ADD CHECK (own2.check(note)) NOT VALID' ],
	[ 'an index of a child', 'v5', $update, 'CREATE TABLE v5 (id bigint, note text); CREATE TABLE w5 () INHERITS (v5); INSERT INTO w5 VALUES (7)',
		'CREATE INDEX ON w5 (own2.check(note))' ],
	[ 'a child that comes', 'v6', $update, 'CREATE TABLE v6 (id bigint, note text); CREATE TABLE w6 (id bigint, note text); INSERT INTO w6 VALUES (7);
		CREATE TRIGGER t BEFORE UPDATE ON w6 FOR EACH ROW EXECUTE FUNCTION own2.trigger()', 'ALTER TABLE w6 INHERIT v6' ],
	[ 'a trigger of a partition', 'v7', $update, 'CREATE TABLE v7 (id bigint, note text) PARTITION BY LIST (id); CREATE TABLE w7 PARTITION OF v7 DEFAULT; INSERT INTO v7 VALUES (7)',
		'CREATE TRIGGER t BEFORE UPDATE ON w7 FOR EACH ROW EXECUTE FUNCTION own2.trigger()' ],
	[ 'a foreign table', 'v8', $select, '', "CREATE FOREIGN TABLE v8 (id bigint, note text) $foreign" ],
	[ 'a foreign partition', 'v9', $select, 'CREATE TABLE v9 (id bigint, note text) PARTITION BY LIST (id)', "CREATE FOREIGN TABLE w9 PARTITION OF v9 DEFAULT $foreign" ],
	[ 'a foreign child', 'v10', $select, 'CREATE TABLE v10 (id bigint, note text)', "CREATE FOREIGN TABLE w10 () INHERITS (v10) $foreign" ],
	[ 'a foreign partition of a partition', 'v11', $select, 'CREATE TABLE v11 (id bigint, note text) PARTITION BY LIST (id);
		CREATE TABLE w11 PARTITION OF v11 DEFAULT PARTITION BY LIST (id)', "CREATE FOREIGN TABLE x11 PARTITION OF w11 DEFAULT $foreign" ],
	[ 'a foreign grandchild that comes', 'v12', $select, "CREATE TABLE v12 (id bigint, note text); CREATE TABLE w12 (id bigint, note text);
		CREATE FOREIGN TABLE x12 () INHERITS (w12) $foreign", 'ALTER TABLE w12 INHERIT v12' ]);
foreach my $carrier (@carriers)
{
	my ($what, $relation, $sql, $made, $change) = @$carrier;
	my $dispatcher = session($node, 'crm', 'dispatcher');
	make($made) if $made;
	ask($dispatcher, 'SET plan_cache_mode = force_generic_plan; PREPARE k AS ' . sprintf $sql, $relation);
	is(durable($dispatcher, 'EXECUTE k'), 'not called', "nothing carries from $relation yet") if $made;
	make($change);
	is(durable($dispatcher, 'EXECUTE k'), 'true', "$what: a kept plan's record is durable before it") if $made;
	$dispatcher->quit;
	$dispatcher = session($node, 'crm', 'dispatcher');
	is(durable($dispatcher, sprintf $sql, $relation), 'true', "$what: the record is durable before it");
	$dispatcher->quit;
}

# Casts to json are no kin, but plans rest on them as well.  An execution inside of the
# function would make the record durable, so it looks by expressions alone.
{
	my $anna = session($node, 'crm', 'anna');
	make('CREATE TYPE own2.grade AS ENUM (\'a\', \'b\')');
	ask($anna, q(SET plan_cache_mode = force_generic_plan; PREPARE k AS SELECT to_json((CASE WHEN phone LIKE 'x' THEN 'b' ELSE 'a' END)::own2.grade) FROM crm.customer WHERE id = 7));
	is(ask($anna, 'EXECUTE k'), '"a"', 'a kept plan prints');
	$node->safe_psql('crm', q(CREATE FUNCTION own2.print(own2.grade) RETURNS json LANGUAGE plpgsql AS
		$$BEGIN RETURN to_json(pg_current_wal_flush_lsn() > current_setting('app.began')::pg_lsn); END$$; ALTER FUNCTION own2.print(own2.grade) OWNER TO owner));
	make('CREATE CAST (own2.grade AS json) WITH FUNCTION own2.print(own2.grade)');
	my $fresh = session($node, 'crm', 'anna');
	foreach my $session ($fresh, $anna)
	{
		$node->safe_psql('crm', 'SELECT contact_guard.sync(); CHECKPOINT');
		ask($session, q(SELECT set_config('app.began', pg_current_wal_flush_lsn()::text, false)));
		is(ask($session, $session == $anna ? 'EXECUTE k' : q(SELECT to_json((CASE WHEN phone LIKE 'x' THEN 'b' ELSE 'a' END)::own2.grade) FROM crm.customer WHERE id = 7)), 'true',
			($session == $anna ? 'a plan of before the cast' : 'a new plan') . ': the record is durable before it is printed');
		$session->quit;
	}
}

done_testing();
