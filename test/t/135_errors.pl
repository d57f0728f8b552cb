# Errors that print stored values: whoever writes to a guarded relation is told which
# constraint he has broken, and not what others have stored there.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('errors', 'max_prepared_transactions = 5');
make_roles($node);
make_crm($node, 'crm', 100);
my $secret = 'SECRET-HH';
$node->safe_psql('crm', qq(
	CREATE EXTENSION btree_gist;
	GRANT CREATE ON SCHEMA crm TO anna;
	CREATE TABLE crm.household (id int, customer_id bigint, phone text, EXCLUDE USING gist (customer_id WITH =, phone WITH <>));
	CREATE TABLE crm.late (id int, customer_id bigint, phone text,
		EXCLUDE USING gist (customer_id WITH =, phone WITH <>) DEFERRABLE INITIALLY DEFERRED);
	CREATE TABLE crm.parted (id int, customer_id bigint, phone text) PARTITION BY RANGE (id);
	CREATE TABLE crm.part PARTITION OF crm.parted (EXCLUDE USING gist (customer_id WITH =, phone WITH <>)) FOR VALUES FROM (0) TO (1000);
	CREATE TABLE crm.part_late PARTITION OF crm.parted (EXCLUDE USING gist (customer_id WITH =, phone WITH <>) DEFERRABLE INITIALLY DEFERRED)
		FOR VALUES FROM (1000) TO (2000);
	CREATE TABLE crm.street (name text PRIMARY KEY);
	CREATE TABLE crm.doors (id int, street text DEFAULT 'Low Street' REFERENCES crm.street ON DELETE SET DEFAULT, code text, EXCLUDE USING gist (street WITH =, code WITH <>));
	CREATE TABLE crm.free (id int, word text, EXCLUDE USING gist (id WITH =, word WITH <>));
	CREATE TABLE crm.free_late (id int, word text, EXCLUDE USING gist (id WITH =, word WITH <>) DEFERRABLE INITIALLY DEFERRED);
	INSERT INTO crm.household VALUES (1, 42, '$secret');
	INSERT INTO crm.late VALUES (1, 42, '$secret');
	INSERT INTO crm.parted VALUES (1, 42, '$secret'), (1001, 42, '$secret'), (1044, 44, '$secret');
	INSERT INTO crm.street VALUES ('High Street'), ('Low Street');
	INSERT INTO crm.doors VALUES (1, 'High Street', '$secret'), (2, 'Low Street', 'x');
	INSERT INTO crm.free VALUES (1, 'a word');
	INSERT INTO crm.free_late VALUES (1, 'a word');
	CREATE FUNCTION crm.copied() RETURNS trigger LANGUAGE plpgsql AS
		\$\$BEGIN INSERT INTO crm.household VALUES (9, 42, NEW.word); RETURN NEW; END\$\$;
	CREATE TABLE crm.inbox (word text);
	CREATE TRIGGER copied AFTER INSERT ON crm.inbox FOR EACH ROW EXECUTE FUNCTION crm.copied();
	GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA crm TO anna;
	SELECT contact_guard.protect('crm.household', 'customer_id', '{phone}');
	SELECT contact_guard.protect('crm.late', 'customer_id', '{phone}');
	SELECT contact_guard.protect('crm.parted', 'customer_id', '{phone}');
	SELECT contact_guard.protect('crm.doors', 'id', '{code}');
));

sub told
{
	my ($what, $sql, $state) = @_;
	my ($out, $err) = as($node, 'crm', 'anna', $sql);
	is(state_of($err), $state // '23P01', "$what fails");
	unlike("$out$err", qr/$secret/, '... and does not say what is stored');
	return "$out$err";
}

sub free
{
	my ($what, $sql, $word) = @_;
	my ($out, $err) = as($node, 'crm', 'anna', $sql);
	$word //= 'a word';
	like("$out$err", qr/DETAIL: .*$word/, "$what has its detail");
	return;
}

my $copy = "FROM STDIN;\n2\t42\tx\n\\.\n";
told('COPY FROM', "COPY crm.household $copy");
told('COPY FROM into a parent', "COPY crm.parted $copy");
told('COPY FROM into a partition', "COPY crm.part $copy");
told('INSERT into a parent', q(INSERT INTO crm.parted VALUES (2, 42, 'x')));
told('an UPDATE that moves a row there', q(INSERT INTO crm.parted VALUES (2, 44, 'x'); UPDATE crm.parted SET id = 1002 WHERE id = 2));
told('a trigger of another table', q(INSERT INTO crm.inbox VALUES ('x')));
told('COPY FROM with such a trigger', "COPY crm.inbox FROM STDIN;\nx\n\\.\n");
told('a foreign key that cascades', q(DELETE FROM crm.street WHERE name = 'High Street'));
told('a check at COMMIT', q(BEGIN; INSERT INTO crm.late VALUES (2, 42, 'x'); SELECT 1; COMMIT));
told('a check at the end of a statement', q(INSERT INTO crm.late VALUES (2, 42, 'x')));
told('a check at the end of a COPY', "COPY crm.late $copy");
told('a check at the end of a COPY, in a block', "BEGIN; COPY crm.late $copy SELECT 1;\nCOMMIT;\n");
told('a check at COMMIT of a row that was routed', q(BEGIN; INSERT INTO crm.parted VALUES (1002, 42, 'x'); COMMIT));
told('a check of a prepared transaction', q(BEGIN; INSERT INTO crm.late VALUES (2, 42, 'x'); PREPARE TRANSACTION 'x'), '23P01');
told('a check that is asked for', q(BEGIN; INSERT INTO crm.late VALUES (2, 42, 'x'); SET CONSTRAINTS ALL IMMEDIATE));
told('the same with a handler', q(DO $$DECLARE d text; BEGIN INSERT INTO crm.late VALUES (2, 42, 'x'); SET CONSTRAINTS ALL IMMEDIATE;
	EXCEPTION WHEN others THEN GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL; RAISE NOTICE 'told: %', d; END$$), '');
told('COMMIT in a DO', q(DO $$BEGIN INSERT INTO crm.late VALUES (2, 42, 'x'); COMMIT; END$$));
told('COMMIT in a procedure', q(CREATE PROCEDURE crm.commits() LANGUAGE plpgsql AS $$BEGIN INSERT INTO crm.late VALUES (2, 42, 'x'); COMMIT; END$$; CALL crm.commits()));
told('a handler within that went well before', q(BEGIN; INSERT INTO crm.late VALUES (2, 42, 'x');
	DO $$BEGIN INSERT INTO crm.free VALUES (1, 'y'); EXCEPTION WHEN others THEN NULL; END$$; COMMIT));

# A language that catches what a COMMIT throws
SKIP:
{
	skip 'no PL/Tcl', 2 if $node->safe_psql('crm', q(SELECT count(*) FROM pg_available_extensions WHERE name = 'pltcl')) eq '0';
	$node->safe_psql('crm', 'CREATE EXTENSION pltcl; GRANT USAGE ON LANGUAGE pltcl TO anna');
	told('a COMMIT that PL/Tcl catches', q(CREATE PROCEDURE crm.tcl() LANGUAGE pltcl AS $$
		spi_exec "INSERT INTO crm.late VALUES (2, 42, 'x')"
		if {[catch { commit } message]} { elog NOTICE "$message $::errorCode" } $$; CALL crm.tcl()), '');
}

# Nobody else notices
free('INSERT into another table', q(INSERT INTO crm.free VALUES (1, 'y')));
free('COPY into another table', "COPY crm.free FROM STDIN;\n1\ty\n\\.\n");
free('a check at COMMIT of another table', q(BEGIN; INSERT INTO crm.free_late VALUES (1, 'y'); COMMIT));
free('INSERT after a read', q(BEGIN; SELECT count(*) FROM crm.household; INSERT INTO crm.free VALUES (1, 'y')));
free('INSERT after a write', q(BEGIN; INSERT INTO crm.late VALUES (5, 5, 'x'); INSERT INTO crm.free VALUES (1, 'y')));
free('a check at COMMIT after a read', q(BEGIN; SELECT count(*) FROM crm.late; INSERT INTO crm.free_late VALUES (1, 'y'); COMMIT));
free('a DO that commits', q(DO $$BEGIN INSERT INTO crm.free_late VALUES (1, 'y'); COMMIT; END$$));
free('a privilege', q(CREATE TABLE crm.own (id int PRIMARY KEY); INSERT INTO crm.own VALUES (1), (1)), 'already exists');

# A command whose values are all stored ones
{
	$node->safe_psql('crm', q(
		CREATE FUNCTION crm.part(t text) RETURNS int IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN current_setting('crm.strict', true) = 'on' THEN (t || left(current_setting('crm.strict', true), 0))::int ELSE 0 END; END;
		CREATE TABLE crm.note (id int PRIMARY KEY, code text);
		INSERT INTO crm.note VALUES (1, 'SECRET-HH');
		CREATE INDEX note_part ON crm.note (crm.part(code));
		ALTER TABLE crm.note OWNER TO anna));
	my ($out, $err) = as($node, 'crm', 'postgres', q(SET client_min_messages = error; SELECT contact_guard.protect('crm.note', 'id', '{code}')));
	SKIP:
	{
		skip 'such an index cannot be guarded at all', 4 if $err;
		told('REINDEX', 'SET crm.strict = on; REINDEX TABLE crm.note', '22P02');
		told('ANALYZE', 'SET crm.strict = on; ANALYZE crm.note', '22P02');
	}
}

# A partition that is guarded by itself, in sessions that know nothing of it yet
$node->safe_psql('crm', qq(
	CREATE TABLE crm.open (id int, room int, phone text) PARTITION BY LIST (room);
	CREATE TABLE crm.open_1 PARTITION OF crm.open (EXCLUDE USING gist (room WITH =, phone WITH <>)) FOR VALUES IN (1);
	CREATE TABLE crm.open_2 PARTITION OF crm.open (EXCLUDE USING gist (room WITH =, phone WITH <>) DEFERRABLE INITIALLY DEFERRED) FOR VALUES IN (2);
	CREATE TABLE crm.open_3 PARTITION OF crm.open (EXCLUDE USING gist (room WITH =, phone WITH <>)) FOR VALUES IN (3);
	INSERT INTO crm.open SELECT i, i, '$secret' FROM generate_series(1, 3) i;
	GRANT SELECT, INSERT, UPDATE ON crm.open, crm.open_1, crm.open_2, crm.open_3 TO anna));
{
	my $prepared = session($node, 'crm', 'anna');
	$prepared->query(q(PREPARE p AS INSERT INTO crm.open VALUES (9, 1, 'x')));
	$prepared->query('BEGIN; EXECUTE p; ROLLBACK') foreach 1 .. 2;
	$node->safe_psql('crm', qq(SET client_min_messages = error; SELECT contact_guard.protect('crm.open_$_', 'id', '{phone}')))  foreach 1, 2;
	$prepared->{stderr} = '';
	my $out = $prepared->query('EXECUTE p');
	unlike($out . $prepared->{stderr}, qr/$secret/, 'a statement that was prepared before the partition was guarded');
	$prepared->quit;
}
told('INSERT through the parent', q(INSERT INTO crm.open VALUES (9, 1, 'x')));
told('INSERT … SELECT', q(INSERT INTO crm.open SELECT 9, 1, 'x'));
told('COPY', "COPY crm.open FROM STDIN;\n9\t1\tx\n\\.\n");
told('INSERT in a function', q(DO $$BEGIN INSERT INTO crm.open VALUES (9, 1, 'x'); END$$));
told('a check at COMMIT', q(BEGIN; INSERT INTO crm.open VALUES (9, 2, 'x'); COMMIT));
told('an implicit COMMIT', q(INSERT INTO crm.open VALUES (9, 2, 'x')));
told('COMMIT within DO', q(DO $$BEGIN INSERT INTO crm.open VALUES (9, 2, 'x'); COMMIT; END$$));
told('PREPARE TRANSACTION', q(BEGIN; INSERT INTO crm.open VALUES (9, 2, 'x'); PREPARE TRANSACTION 'x'));
free('another table still', q(INSERT INTO crm.free VALUES (1, 'y')));

# Nothing is written to the server's log, so nobody asks us before the client is told
$node->safe_psql('crm', 'ALTER ROLE anna SET log_min_messages = panic');
told('COMMIT without a log', q(BEGIN; INSERT INTO crm.late VALUES (2, 42, 'x'); COMMIT));
told('an implicit COMMIT without a log', q(INSERT INTO crm.open VALUES (9, 2, 'x')));
told('PREPARE TRANSACTION without a log', q(BEGIN; INSERT INTO crm.late VALUES (2, 42, 'x'); PREPARE TRANSACTION 'x'));
told('COMMIT after a savepoint without a log', q(BEGIN; SAVEPOINT s; INSERT INTO crm.household VALUES (2, 42, 'x'); ROLLBACK TO s; INSERT INTO crm.late VALUES (2, 42, 'x'); COMMIT));
free('another table without a log', q(BEGIN; INSERT INTO crm.free_late VALUES (1, 'y'); COMMIT));
$node->safe_psql('crm', 'ALTER ROLE anna RESET log_min_messages');

# What a check of a stored row fails on is in the message itself
$node->safe_psql('crm', qq(
	CREATE TABLE crm.checked (id int PRIMARY KEY, customer_id bigint, note text, age int, phone text);
	INSERT INTO crm.checked VALUES (1, 42, 'n', 3, '06 $secret');
	ALTER TABLE crm.checked ADD CHECK (phone::bigint > 0) NOT VALID;
	CREATE TABLE crm.measured (id int PRIMARY KEY, age int, phone text CHECK (length(phone) < 30 AND phone ~ '^[0-9A-Z -]+\$' AND phone <> ''), CHECK (age::text::int < 200));
	INSERT INTO crm.measured VALUES (1, 3, '$secret');
	CREATE TABLE crm.branch (id int, room int, phone text) PARTITION BY LIST (room);
	CREATE TABLE crm.branch_1 PARTITION OF crm.branch FOR VALUES IN (1);
	INSERT INTO crm.branch VALUES (1, 1, '$secret');
	ALTER TABLE crm.branch_1 ADD CHECK (phone::uuid IS NOT NULL) NOT VALID;
	ALTER TABLE crm.checked OWNER TO anna;
	GRANT SELECT, INSERT, UPDATE ON crm.measured, crm.branch TO anna;
	SET client_min_messages = error;
	SELECT contact_guard.protect('crm.checked', 'customer_id', '{phone}');
	SELECT contact_guard.protect('crm.measured', 'id', '{phone}');
	SELECT contact_guard.protect('crm.branch', 'id', '{phone}')));
like($node->safe_psql('crm', 'SELECT problems FROM contact_guard.status()'), qr/relation checked: check constraint .{0,3}checked_phone_check.* is not valid/, 'status() names a check that is not valid');
told('UPDATE of another column', q(UPDATE crm.checked SET note = 'x'), '22P02');
told('MERGE', q(MERGE INTO crm.checked c USING (VALUES (1)) v (id) ON c.id = v.id WHEN MATCHED THEN UPDATE SET note = 'x'), '22P02');
told('ON CONFLICT', q(INSERT INTO crm.checked VALUES (1, 42, 'n', 3, '1') ON CONFLICT (id) DO UPDATE SET note = 'x'), '22P02');
told('UPDATE in WITH', q(WITH x AS (UPDATE crm.checked SET note = 'x' RETURNING id) SELECT * FROM x), '22P02');
told('UPDATE in a handler', q(DO $$BEGIN UPDATE crm.checked SET note = 'x'; EXCEPTION WHEN others THEN RAISE EXCEPTION '%', SQLERRM USING ERRCODE = SQLSTATE; END$$), '22P02');
told('UPDATE of a partition with a check of its own', q(UPDATE crm.branch SET room = 1), '22P02');
told('VALIDATE CONSTRAINT', 'ALTER TABLE crm.checked VALIDATE CONSTRAINT checked_phone_check', '22P02');
foreach my $command ('ALTER TABLE crm.checked ALTER phone TYPE int USING phone::int', 'CREATE INDEX ON crm.checked ((phone::int))',
	'ALTER TABLE crm.checked ADD g int GENERATED ALWAYS AS (phone::int) STORED', 'CREATE INDEX ON crm.checked (id) WHERE phone::int > 0')
{
	my ($out, $err) = as($node, 'crm', 'postgres', $command);
	is(state_of($err), '22P02', "$command fails");
	unlike("$out$err", qr/$secret/, '... and does not say what is stored');
}
# ... but who gave the value is told what is wrong with it
like((as($node, 'crm', 'anna', q(PREPARE p AS UPDATE crm.measured SET age = $1::text::int; EXECUTE p('abc'))))[1], qr/22P02: invalid input syntax for type integer: "abc"/, 'an UPDATE names its own value where the checks only measure');
like((as($node, 'crm', 'anna', q(INSERT INTO crm.checked VALUES (2, 42, 'n', 3, 'x y'))))[1], qr/22P02: invalid input syntax for type bigint: "x y"/, 'INSERT names its own value');
like((as($node, 'crm', 'postgres', q(ALTER TABLE crm.checked ALTER age SET DEFAULT 'abc')))[1], qr/"abc"/, 'a default that does not fit is named');

# Other classes, CONTEXT, warnings and trusted functions quote, too
$node->safe_psql('crm', qq(
	CREATE TABLE crm.quoted (id int PRIMARY KEY, note text, phone text);
	CREATE TABLE crm.worded (id int PRIMARY KEY, note text, doc xml);
	CREATE TABLE crm.normal (id int PRIMARY KEY, note text, phone text, digits bigint);
	CREATE TABLE crm.turned (id int PRIMARY KEY, note text, phone text);
	INSERT INTO crm.quoted VALUES (1, 'n', '{"a": $secret}'), (2, 'n', '$secret');
	ALTER TABLE crm.quoted ADD CHECK (id <> 1 OR phone::jsonb IS NOT NULL) NOT VALID, ADD CHECK (id <> 2 OR phone::regrole IS NOT NULL) NOT VALID;
	INSERT INTO crm.normal VALUES (1, 'n', '$secret');
	INSERT INTO crm.turned VALUES (1, 'n', '$secret');
	CREATE FUNCTION crm.digits() RETURNS trigger LANGUAGE plpgsql SET search_path = crm, pg_temp AS \$\$BEGIN
		RAISE NOTICE 'a word of it''s author'; IF NEW.note = 'no' THEN RAISE EXCEPTION 'a word of refusal'; END IF;
		NEW.digits := NEW.phone::bigint; RETURN NEW; END\$\$;
	CREATE TRIGGER digits BEFORE UPDATE ON crm.normal FOR EACH ROW EXECUTE FUNCTION crm.digits();
	CREATE TRIGGER turned BEFORE UPDATE ON crm.turned FOR EACH ROW WHEN (OLD.phone::int > 0) EXECUTE FUNCTION suppress_redundant_updates_trigger();
	GRANT SELECT, UPDATE ON crm.quoted, crm.worded, crm.normal, crm.turned TO anna;
	SET client_min_messages = error;
	SELECT contact_guard.trust_function('crm.digits()', 'it normalises');
	SELECT contact_guard.protect('crm.quoted', 'id', '{phone}', unpinned => 'accept');
	SELECT contact_guard.protect('crm.normal', 'id', '{phone,digits}', 'null');
	SELECT contact_guard.protect('crm.turned', 'id', '{phone}')));
told('CONTEXT of jsonb', q(UPDATE crm.quoted SET note = 'x' WHERE id = 1), '22P02');
told('a look-up of an object', q(UPDATE crm.quoted SET note = 'x' WHERE id = 2), '42704');
told('the condition of a trigger', q(UPDATE crm.turned SET note = 'x'), '22P02');
told('a trusted trigger', q(UPDATE crm.normal SET note = 'x'), '22P02');
told('a trusted trigger in a handler', q(DO $$DECLARE c text; BEGIN UPDATE crm.normal SET note = 'x'; EXCEPTION WHEN others THEN
	GET STACKED DIAGNOSTICS c = PG_EXCEPTION_CONTEXT; RAISE EXCEPTION '% %', SQLERRM, c USING ERRCODE = SQLSTATE; END$$), '22P02');
like((as($node, 'crm', 'anna', q(UPDATE crm.normal SET note = 'no')))[1], qr/a word of it's author.*P0001: a word of refusal/s, '... but what its author says is told');
# What a trusted function runs is as quiet as itself: a NOTICE about a long name quotes it
$node->safe_psql('crm', q(
	CREATE TABLE crm.named (id int PRIMARY KEY, note text, phone text);
	CREATE TABLE crm.kept (word text);
	INSERT INTO crm.named VALUES (1, 'n', 'SECRETHH' || repeat('x', 60));
	CREATE FUNCTION crm.names() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$DECLARE r oid; BEGIN
		CASE NEW.note WHEN 'expression' THEN r := to_regtype(NEW.phone);
			WHEN 'query' THEN INSERT INTO crm.kept SELECT to_regtype(NEW.phone)::text;
			WHEN 'caught' THEN BEGIN PERFORM 1 / 0; EXCEPTION WHEN division_by_zero THEN r := to_regtype(NEW.phone); END;
			WHEN 'execute' THEN EXECUTE 'PREPARE named (text) AS SELECT to_regtype($1)'; EXECUTE format('EXECUTE named (%L)', NEW.phone); EXECUTE 'DEALLOCATE named';
			ELSE NULL; END CASE; RETURN NEW; END$$;
	CREATE TRIGGER names BEFORE UPDATE ON crm.named FOR EACH ROW EXECUTE FUNCTION crm.names();
	GRANT SELECT, UPDATE ON crm.named TO anna; GRANT INSERT ON crm.kept TO anna;
	SET client_min_messages = error;
	SELECT contact_guard.trust_function('crm.names()', 'it looks for types');
	SELECT contact_guard.protect('crm.named', 'id', '{phone}', 'constant(WITHHELD)')));
foreach my $way (qw(expression query caught execute))
{
	unlike((as($node, 'crm', 'anna', "UPDATE crm.named SET note = '$way'"))[1], qr/SECRETHH|ERROR/i, "a NOTICE of a trusted function's $way quotes nothing");
	like((as($node, 'crm', 'anna', "BEGIN; UPDATE crm.named SET note = '$way'; SELECT to_regtype('mine' || repeat('x', 70)); ROLLBACK"))[1], qr/NOTICE.*minexxx/, '... and is not quiet any more behind it');
}
SKIP:
{
	skip 'no libxml', 3 if (as($node, 'crm', 'postgres', q(ALTER TABLE crm.worded ADD CHECK (xpath_exists('/*', doc)); INSERT INTO crm.worded VALUES (1, 'n', '<a xmlns="rel">SECRET-HH</a>'))))[1] =~ /0A000/;
	$node->safe_psql('crm', q(SET client_min_messages = error; SELECT contact_guard.protect('crm.worded', 'id', '{doc}', 'null')));
	told('a WARNING', q(UPDATE crm.worded SET note = 'x'; SELECT 1/0), '22012');
	like((as($node, 'crm', 'anna', q(SELECT xpath_exists('/*', '<a xmlns="rel">mine</a>'))))[1], qr/WARNING.*mine/s, '... but of a value of the writer it is told');
}
done_testing();
