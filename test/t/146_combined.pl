# Definitions that combine guarded columns with others: who sets the others is told by a
# check, a trigger, an index or a partition whether his guess of the guarded value is right.
# Each such UPDATE is on record, whatever comes of it; nothing else is.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Test::More;

my $node = guard_node('combined');
make_roles($node);
make_crm($node, 'crm', 60);
my $reason = 'compared by a check, without permission';

$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE TABLE crm.prefix (id int PRIMARY KEY, customer_id bigint, phone text, note text DEFAULT '', other text,
		CHECK (NOT starts_with(phone, nullif(note, ''))));
	CREATE TABLE crm.fax (id int PRIMARY KEY, customer_id bigint, phone text, fax text, CHECK (phone IS DISTINCT FROM fax));
	CREATE TABLE crm.pred (id int PRIMARY KEY, customer_id bigint, phone text, fax text, EXCLUDE USING btree (fax WITH =) WHERE (fax = phone));
	CREATE TABLE crm.stored (id int PRIMARY KEY, customer_id bigint, phone text, note text, same bool GENERATED ALWAYS AS (phone = note) STORED, CHECK (NOT same));
	CREATE TABLE crm.fails (id int PRIMARY KEY, customer_id bigint, phone text, note text, v int GENERATED ALWAYS AS (1 / (phone <> note)::int) STORED);
	CREATE TABLE crm.computed (id int PRIMARY KEY, customer_id bigint, phone text, note text);
	CREATE INDEX ON crm.computed ((1 / (phone <> note)::int));
	CREATE TABLE crm.uniq (id int PRIMARY KEY, customer_id bigint, phone text, note text, k text GENERATED ALWAYS AS (phone || note) STORED UNIQUE);
	CREATE TABLE crm.fired (id int PRIMARY KEY, customer_id bigint, phone text, note text);
	CREATE TRIGGER fired BEFORE UPDATE ON crm.fired FOR EACH ROW WHEN (NEW.note = OLD.phone) EXECUTE FUNCTION suppress_redundant_updates_trigger();
	CREATE TABLE crm.part (id int, customer_id bigint, phone text, zone int) PARTITION BY RANGE (zone);
	CREATE TABLE crm.part_1 PARTITION OF crm.part (CHECK (phone <> zone::text)) FOR VALUES FROM (1) TO (10);
	CREATE TABLE crm.keyed (id int, customer_id bigint, phone text, zone text) PARTITION BY RANGE (phone, zone);
	CREATE TABLE crm.keyed_1 PARTITION OF crm.keyed FOR VALUES FROM ('', '') TO ('T', 'm');
	CREATE TABLE crm.street (id int PRIMARY KEY);
	CREATE TABLE crm.door (id int PRIMARY KEY, customer_id bigint, phone text, street int REFERENCES crm.street ON UPDATE CASCADE, CHECK (street <> length(phone)));
	CREATE TABLE crm.moved (id int PRIMARY KEY, customer_id bigint, phone text, note text, other text, CHECK (phone <> note));
	CREATE FUNCTION crm.move() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$BEGIN NEW.note := NEW.other; RETURN NEW; END$$;
	CREATE TRIGGER move BEFORE UPDATE ON crm.moved FOR EACH ROW EXECUTE FUNCTION crm.move();
	INSERT INTO crm.prefix VALUES (5, 42, 'SECRET-5'), (7, 7, 'SECRET-7');
	INSERT INTO crm.fax VALUES (5, 42, 'SECRET-5');
	INSERT INTO crm.pred VALUES (5, 42, 'SECRET-5', NULL), (6, 43, 'SECRET-6', 'SECRET-6');
	INSERT INTO crm.stored VALUES (5, 42, 'SECRET-5', '');
	INSERT INTO crm.fails VALUES (5, 42, 'SECRET-5', '');
	INSERT INTO crm.computed VALUES (5, 42, 'SECRET-5', '');
	INSERT INTO crm.uniq VALUES (5, 42, 'SECRET-5', '');
	INSERT INTO crm.fired VALUES (5, 42, 'SECRET-5', '');
	INSERT INTO crm.part VALUES (5, 42, '5', 6);
	INSERT INTO crm.keyed VALUES (5, 42, 'S', 'a');
	INSERT INTO crm.street VALUES (1);
	INSERT INTO crm.door VALUES (5, 42, 'ab', 1);
	INSERT INTO crm.moved VALUES (5, 42, 'SECRET-5', '');
	SELECT contact_guard.trust_function('crm.move()', 'it copies a note');
	GRANT ALL ON ALL TABLES IN SCHEMA crm TO anna, dispatcher;));

# protect() warns
my %names = (prefix => 'check constraint "prefix_check"', fax => 'check constraint "fax_check"', stored => 'check constraint "stored_same_check"',
	fails => 'generated column "v"', computed => 'index "computed_expr_idx"', fired => 'the condition of trigger "fired"',
	part => 'check constraint "part_1_check" of relation "part_1"', keyed => 'the partition key', door => 'check constraint "door_check"', moved => 'check constraint "moved_check"');
foreach my $relation (qw(prefix fax pred stored fails computed uniq fired part keyed door moved))
{
	my ($said) = (as($node, 'crm', 'postgres', "SELECT contact_guard.protect('crm.$relation', 'customer_id', '{phone}', 'constant(WITHHELD)')"))[1];
	like($said, qr/WARNING.*\Q$names{$relation}\E.* compares guarded values \("phone".*\) with what others may choose \(/, "protect() warns: $relation") if $names{$relation};
	like($said, qr/index "$relation\w+" of relation "$relation" tells whether a guarded value is stored/, "protect() warns of the index: $relation") if $relation =~ /pred|uniq/;
}

# told(NAME, SQL, RELATION, COUNT, [CUSTOMERS, [REASON, [USER]]]): records of it, and the customers that are named
my $run = 0;
sub told
{
	my ($name, $sql, $relation, $count, $customers, $why, $user) = @_;
	my $application = 'run' . ++$run;
	$user ||= 'anna';
	my ($out, $err) = as($node, 'crm', $user, "SET application_name = '$application'; $sql");
	unlike($out . $err, qr/SECRET/, "$name: tells no value") if $sql !~ /SECRET/;
	is(log_rows($node, 'crm', "application = '$application' AND event = 'lookup' AND relation = 'crm.$relation' AND reason = '" . ($why || $reason) . "'"), $count, "$name: $count look-ups");
	is($node->safe_psql('crm', "SELECT coalesce(string_agg(DISTINCT customer || ' ' || event, ',' ORDER BY customer || ' ' || event), '') FROM contact_guard.access_log WHERE application = '$application' AND relation = 'crm.$relation' AND customer IS NOT NULL"),
		$customers, "$name: customers") if defined $customers;
	return $err;
}

# A loop that finds the whole value is as many records as it has tries
my $err = told('a loop', q(DO $$
	DECLARE found text := ''; c text; hit bool; tries int := 0;
	BEGIN
		FOR i IN 1 .. 8 LOOP
			FOREACH c IN ARRAY regexp_split_to_array('ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-', '') LOOP
				tries := tries + 1; hit := false;
				BEGIN UPDATE crm.prefix SET note = found || c WHERE id = 5; RAISE EXCEPTION 'undo' USING errcode = 'ZZ001';
				EXCEPTION WHEN SQLSTATE 'ZZ001' THEN NULL; WHEN check_violation THEN hit := true; END;
				IF hit THEN found := found || c; EXIT; END IF;
			END LOOP;
		END LOOP;
		RAISE NOTICE 'found % characters in % tries', length(found), tries;
	END$$), 'prefix', 139, '42 withheld');
like($err, qr/found 8 characters in 139 tries/, '... which it needs');

my $undo = 'RAISE EXCEPTION division_by_zero; EXCEPTION WHEN OTHERS THEN NULL; END$$';
foreach my $case (['right', 'SECRET-5'], ['wrong', 'x'])
{
	my ($name, $guess) = @$case;
	told("a check, $name", "DO \$\$BEGIN UPDATE crm.fax SET fax = '$guess' WHERE id = 5; $undo", 'fax', 1, '42 withheld');
	told("a generated column, $name", "DO \$\$BEGIN UPDATE crm.stored SET note = '$guess'; $undo", 'stored', 1, '42 withheld');
	told("an expression that fails, $name", "DO \$\$BEGIN UPDATE crm.fails SET note = '$guess'; $undo", 'fails', 1, '42 withheld');
	told("an index that fails, $name", "DO \$\$BEGIN UPDATE crm.computed SET note = '$guess'; $undo", 'computed', 1, '42 withheld');
	told("a trigger's condition, $name", "DO \$\$BEGIN UPDATE crm.fired SET note = '$guess'; $undo", 'fired', 1, '42 withheld');
	told("a trigger that sets it, $name", "DO \$\$BEGIN UPDATE crm.moved SET other = '$guess'; $undo", 'moved', 1, '42 withheld');
	told("MERGE, $name", "BEGIN; MERGE INTO crm.fax USING (VALUES (5)) v (i) ON i = id WHEN MATCHED THEN UPDATE SET fax = '$guess'; ROLLBACK", 'fax', 1);
	told("ON CONFLICT, $name", "BEGIN; INSERT INTO crm.fax VALUES (5, 42, 'mine') ON CONFLICT (id) DO UPDATE SET fax = '$guess'; ROLLBACK", 'fax', 1);
	told("a CTE, $name", "BEGIN; WITH u AS (UPDATE crm.fax SET fax = '$guess' RETURNING id) SELECT * FROM u; ROLLBACK", 'fax', 1, '42 withheld');
	told("prepared, $name", "BEGIN; PREPARE p AS UPDATE crm.fax SET fax = \$1; EXECUTE p('$guess'); ROLLBACK", 'fax', 1, '42 withheld');
	told("the predicate of an index, $name", "BEGIN; UPDATE crm.pred SET fax = '$guess' WHERE id = 5; ROLLBACK", 'pred', 1, undef, 'compared by a unique index, without permission');
	told("a unique index over what is computed, $name", "BEGIN; UPDATE crm.uniq SET note = '$guess' WHERE id = 5; ROLLBACK", 'uniq', 1, undef, 'compared by a unique index, without permission');
}
told("a partition's check, $_", "BEGIN; UPDATE crm.part SET zone = $_; ROLLBACK", 'part', 1, '42 withheld') foreach 5, 7;
told('... directly', 'BEGIN; UPDATE crm.part_1 SET zone = 5; ROLLBACK', 'part_1', 1, '42 withheld');
told('a partition key', q(BEGIN; UPDATE crm.keyed SET zone = 'z'; ROLLBACK), 'keyed', 1, '42 withheld');
told('the bounds of a partition', q(BEGIN; UPDATE crm.keyed_1 SET zone = 'z'; ROLLBACK), 'keyed_1', 1, '42 withheld');
told('a cascade', 'BEGIN; UPDATE crm.street SET id = 2; ROLLBACK', 'door', 1, '42 withheld');
told('who is shown it', q(BEGIN; UPDATE crm.prefix SET note = 'x' WHERE id = 7; ROLLBACK), 'prefix', 1, '7 shown');

# What is no column, and chosen all the same; and what other commands compare
$node->safe_psql('crm', q(SET client_min_messages = error;
	CREATE TABLE crm.setting (id int PRIMARY KEY, customer_id bigint, phone text, note text, CHECK (phone >= coalesce(current_setting('app.lowest', true), '')));
	CREATE FUNCTION crm.low() RETURNS text LANGUAGE sql IMMUTABLE RETURN coalesce(current_setting('app.lowest', true), '');
	CREATE FUNCTION crm.above(v text) RETURNS bool LANGUAGE sql IMMUTABLE RETURN v >= coalesce(current_setting('app.lowest', true), '');
	CREATE TABLE crm.wrapped (id int PRIMARY KEY, customer_id bigint, phone text, note text, CHECK (phone >= crm.low()));
	CREATE TABLE crm.within (id int PRIMARY KEY, customer_id bigint, phone text, note text, CHECK (crm.above(phone)));
	CREATE TABLE crm.person (id int PRIMARY KEY, customer_id bigint, phone text, note text, CHECK (phone <> current_user));
	CREATE TABLE crm.schema (id int PRIMARY KEY, customer_id bigint, phone text, note text, CHECK (phone <> current_schema()));
	CREATE TABLE crm.watched (id int PRIMARY KEY, customer_id bigint, phone text, note text);
	CREATE TRIGGER watched AFTER DELETE ON crm.watched FOR EACH ROW WHEN (OLD.phone = current_setting('app.lowest', true)) EXECUTE FUNCTION suppress_redundant_updates_trigger();
	CREATE TABLE crm.gone (id int PRIMARY KEY, customer_id bigint, phone text, note text);
	CREATE TRIGGER gone AFTER DELETE ON crm.gone FOR EACH ROW WHEN (OLD.phone = OLD.note) EXECUTE FUNCTION suppress_redundant_updates_trigger();
	CREATE TABLE crm.clock (id int PRIMARY KEY, customer_id bigint, phone text, note text, made timestamptz DEFAULT now(), CHECK (phone <> to_char(made, 'HH24MI')));
	CREATE TABLE crm.digits (id int PRIMARY KEY, customer_id bigint, phone text, note text, size float8 DEFAULT 0.3, CHECK (phone <> size::text));
	CREATE TABLE crm.zone (id int PRIMARY KEY, customer_id bigint, phone text, note text, made timestamp DEFAULT now(), CHECK (phone <> note OR (made AT TIME ZONE 'EST') IS NULL));
	CREATE TABLE crm.rung (id int PRIMARY KEY, customer_id bigint, phone text, note text, made timestamptz DEFAULT now());
	CREATE TRIGGER rung AFTER UPDATE ON crm.rung FOR EACH ROW WHEN (OLD.phone = to_char(OLD.made, 'HH24MI')) EXECUTE FUNCTION suppress_redundant_updates_trigger();
	CREATE TABLE crm.goes (id int, customer_id bigint, phone text, note text, region text) PARTITION BY LIST (region);
	CREATE TABLE crm.goes_a PARTITION OF crm.goes FOR VALUES IN ('a');
	CREATE TABLE crm.goes_b PARTITION OF crm.goes FOR VALUES IN ('b');
	CREATE TRIGGER comes AFTER INSERT ON crm.goes_b FOR EACH ROW WHEN (NEW.phone = NEW.note) EXECUTE FUNCTION suppress_redundant_updates_trigger();
	INSERT INTO crm.goes VALUES (5, 42, 'SECRET-5', '', 'a')));
foreach my $relation (qw(setting wrapped within person schema watched gone clock digits zone rung))
{
	$node->safe_psql('crm', "INSERT INTO crm.$relation VALUES (5, 42, 'SECRET-5', '')");
	like((as($node, 'crm', 'postgres', "SELECT contact_guard.protect('crm.$relation', 'customer_id', '{phone}', 'constant(WITHHELD)')"))[1],
		qr/compares guarded values \("phone"\) with what others may choose \((settings or the role(, "\w+")*|"note")\)/, "protect() warns: $relation");
}
like((as($node, 'crm', 'postgres', "SELECT contact_guard.protect('crm.goes', 'customer_id', '{phone}', 'constant(WITHHELD)')"))[1],
	qr/the condition of trigger "comes"/, 'protect() warns of a trigger on INSERT: rows are moved');
$node->safe_psql('crm', 'GRANT ALL ON ALL TABLES IN SCHEMA crm TO anna');
foreach my $relation (qw(setting wrapped within person schema watched clock digits zone rung))
{
	told("a setting, $relation, $_", "SET app.lowest = '$_'; DO \$\$BEGIN UPDATE crm.$relation SET note = 'n'; $undo", $relation, 1, '42 withheld') foreach 'SECRET-5', 'TECRET';
}
told('a setting, DELETE', q(SET app.lowest = 'x'; BEGIN; DELETE FROM crm.watched; ROLLBACK), 'watched', 1);
told('a setting, DELETE by MERGE', q(SET app.lowest = 'x'; BEGIN; MERGE INTO crm.watched USING (VALUES (5)) v (i) ON i = id WHEN MATCHED THEN DELETE; ROLLBACK), 'watched', 1);
told('a DELETE that comes later', q(BEGIN; UPDATE crm.gone SET note = 'SECRET-5'; DELETE FROM crm.gone; ROLLBACK), 'gone', 1, '42 withheld');
told('a row that moves', q(BEGIN; UPDATE crm.goes SET note = 'SECRET-5', region = 'b'; ROLLBACK), 'goes', 1, '42 withheld');
$node->safe_psql('crm', q(SET client_min_messages = error; CREATE ROLE keeper LOGIN; GRANT USAGE, CREATE ON SCHEMA crm TO keeper;
	CREATE TABLE crm.late (id int PRIMARY KEY, customer_id bigint, phone text, note text); ALTER TABLE crm.late OWNER TO keeper;
	ALTER TABLE crm.late ADD CONSTRAINT low CHECK (phone >= current_setting('app.lowest', true)) NOT VALID, ADD CONSTRAINT short CHECK (length(phone) < 20) NOT VALID;
	SET ROLE NONE; SELECT contact_guard.protect('crm.late', 'customer_id', '{phone}', 'constant(WITHHELD)')));
is(state_of((as($node, 'crm', 'keeper', q(SET app.lowest = 'x'; ALTER TABLE crm.late VALIDATE CONSTRAINT low)))[1]), '42501', 'the owner alone does not validate it');

# Nothing is told
told('another column', q(BEGIN; UPDATE crm.prefix SET other = 'x'; ROLLBACK), 'prefix', 0, '');
told('INSERT', q(BEGIN; INSERT INTO crm.prefix VALUES (9, 5, 'mine', 'm'); ROLLBACK), 'prefix', 0, '');
told('DELETE', q(BEGIN; DELETE FROM crm.fax; ROLLBACK), 'fax', 0, '');
told('with a permission', q(BEGIN; UPDATE crm.fax SET fax = 'x'; ROLLBACK), 'fax', 0, '', undef, 'dispatcher');

# Honest definitions: neither a warning nor a record
$node->safe_psql('crm', q(SET client_min_messages = error;
	CREATE TABLE crm.honest (id int PRIMARY KEY, customer_id bigint, phone text, email text, note text, words text GENERATED ALWAYS AS (note || ' ' || phone) STORED,
		CHECK (phone IS NOT NULL OR note IS NOT NULL), CHECK (phone <> email), CHECK (customer_id > 0 OR phone = ''), CHECK (length(phone) < 20), CHECK (note <> ''));
	CREATE INDEX ON crm.honest (to_tsvector('simple', note || ' ' || phone));
	CREATE TABLE crm.born (id int PRIMARY KEY, customer_id bigint, phone text, born date, note text, CHECK (born <= CURRENT_DATE), CHECK (length(format('%s', phone)) < 20), CHECK (note <> current_user));
	INSERT INTO crm.born VALUES (5, 42, 'SECRET-5', '2000-01-01', 'n');
	CREATE TABLE crm.stamped (id int PRIMARY KEY, customer_id bigint, phone text, note text);
	CREATE TRIGGER stamped BEFORE UPDATE ON crm.stamped FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION suppress_redundant_updates_trigger();
	CREATE TRIGGER numbered BEFORE UPDATE ON crm.stamped FOR EACH ROW WHEN (OLD.phone IS DISTINCT FROM NEW.phone AND NEW.note <> '') EXECUTE FUNCTION suppress_redundant_updates_trigger();
	INSERT INTO crm.honest VALUES (5, 42, 'SECRET-5', 'e', 'n'); INSERT INTO crm.stamped VALUES (5, 42, 'SECRET-5', 'n');
	GRANT ALL ON crm.honest, crm.stamped, crm.born TO anna));
unlike((as($node, 'crm', 'postgres', q(SELECT contact_guard.protect('crm.honest', 'customer_id', '{phone,email}', 'constant(WITHHELD)'), contact_guard.protect('crm.stamped', 'customer_id', '{phone}', 'constant(WITHHELD)'), contact_guard.protect('crm.born', 'customer_id', '{phone,born}', 'null'))))[1],
	qr/compares/, 'no warning of honest definitions');
told('a time, a printer, the role beside what is not guarded', q(BEGIN; UPDATE crm.born SET note = 'x'; ROLLBACK), 'born', 0, '');
told('honest definitions', q(BEGIN; UPDATE crm.honest SET note = 'x'; ROLLBACK), 'honest', 0, '');
told('honest triggers', q(BEGIN; UPDATE crm.stamped SET note = 'x'; ROLLBACK), 'stamped', 0, '');
# ... but with the mask "null", that it is NULL is not to be seen
$node->safe_psql('crm', q(SET client_min_messages = error; CREATE TABLE crm.nulls (id int PRIMARY KEY, customer_id bigint, phone text, note text, CHECK (phone IS NOT NULL OR note IS NOT NULL));
	INSERT INTO crm.nulls VALUES (5, 42, NULL, 'n'); GRANT ALL ON crm.nulls TO anna; SELECT contact_guard.protect('crm.nulls', 'customer_id', '{phone}')));
told('the mask "null"', 'UPDATE crm.nulls SET note = NULL', 'nulls', 1, '');

# Who owns the table cannot have values checked anew that he says in a command
$node->safe_psql('crm', q(GRANT CREATE ON SCHEMA crm TO eve; ALTER TABLE crm.fax OWNER TO eve; ALTER TABLE crm.uniq OWNER TO eve; ALTER TABLE crm.honest OWNER TO eve; ALTER TABLE crm.pred OWNER TO eve;
	CREATE TABLE crm.zoned (id int, customer_id bigint, phone text, zone int, other int, UNIQUE (zone, phone)); ALTER TABLE crm.zoned OWNER TO eve;
	SET client_min_messages = error; SELECT contact_guard.protect('crm.zoned', 'customer_id', '{phone}', 'constant(WITHHELD)')));
foreach my $ddl (q(crm.fax ALTER fax TYPE text USING 'SECRET-5'), q(crm.fax ALTER fax TYPE varchar(99)), q(crm.pred ALTER fax TYPE text USING 'x'), q(crm.zoned ALTER zone TYPE int USING 5))
{
	is(state_of((as($node, 'crm', 'eve', "ALTER TABLE $ddl"))[1]), '42501', "the owner: $ddl");
}
foreach my $ddl (q(crm.fax ALTER id TYPE bigint), q(crm.zoned ALTER other TYPE bigint USING 5))
{
	is((as($node, 'crm', 'eve', "ALTER TABLE $ddl"))[1], '', "the owner may: $ddl");
}

# Foreign keys of what is computed
$node->safe_psql('crm', q(CREATE TABLE crm.hits (k text PRIMARY KEY); CREATE TABLE crm.refs (id int, customer_id bigint, phone text, note text, k text GENERATED ALWAYS AS (phone || note) STORED REFERENCES crm.hits)));
like((as($node, 'crm', 'postgres', q(SELECT contact_guard.protect('crm.refs', 'customer_id', '{phone}'))))[1], qr/0A000: column "k" of relation "refs" cannot be guarded: it takes part in a foreign key/, 'a foreign key of a computed column is refused');

$node->stop;
done_testing();
