# Commands that define relations: decided on the relation that they really use,
# whatever its name meant before; children and what they bring; migrations that must
# go on working; and what a verdict rests on.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__) . '/lib';
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('ddl');
make_roles($node);
make_crm($node, 'crm', 60);
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE ROLE owner LOGIN;
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin, owner;
	ALTER SCHEMA crm OWNER TO owner;
	ALTER TABLE crm.customer OWNER TO owner;
	ALTER TABLE crm.intervention OWNER TO owner;
	CREATE SCHEMA anna AUTHORIZATION anna;
	CREATE SCHEMA decoy AUTHORIZATION owner;
	GRANT ALL ON SCHEMA decoy TO anna;
	GRANT USAGE ON SCHEMA anna TO PUBLIC;
	CREATE TABLE crm.job (id bigint, zone text, phone text, done date) PARTITION BY RANGE (done);
	ALTER TABLE crm.job OWNER TO owner;
	CREATE TABLE crm.person (id bigint, phone text);
	CREATE TABLE crm.vip (note text) INHERITS (crm.person);
	ALTER TABLE crm.person OWNER TO owner;
	CREATE TYPE decoy.t AS (id bigint, phone text);
	ALTER TYPE decoy.t OWNER TO owner;
	CREATE TABLE decoy.typed OF decoy.t;
	ALTER TABLE decoy.typed OWNER TO owner;
	SELECT contact_guard.protect('decoy.typed', customer => 'id', columns => '{phone}', mask => 'null');
	ALTER TABLE crm.vip OWNER TO owner;
	INSERT INTO crm.vip VALUES (42, '0600000042', 'v');
	GRANT ALL ON ALL TABLES IN SCHEMA crm TO anna;
	SELECT contact_guard.protect('crm.job', customer => 'id', columns => '{phone}', mask => 'null');
	SELECT contact_guard.protect('crm.person', customer => 'id', columns => '{phone}', mask => 'null');
	CREATE FUNCTION anna.row_tells() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', OLD; RETURN NEW; END$$;
	CREATE FUNCTION anna.tells(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN $1; END$$;
	CREATE FUNCTION anna.ok(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;));

sub refused
{
	my ($user, $sql, $name, $state) = @_;
	my ($out, $err) = as($node, 'crm', $user, "BEGIN; $sql; ROLLBACK");

	is(state_of($err), $state // '42501', "$name: refused");
	unlike("$out$err", qr/0600000042/, '... and nothing told');
	return;
}

sub passes
{
	my ($user, $sql, $name) = @_;
	my ($out, $err) = as($node, 'crm', $user, "BEGIN; $sql; ROLLBACK");

	is(state_of($err), '', "$name: passes") or diag($err);
	return;
}

# The command resolves its name while the table in front of the guarded one is being
# dropped, waits for that, and then means the guarded one.
sub race
{
	my ($user, $sql, $name) = @_;
	my ($out, $err) = ('', '');
	my $other = session($node, 'crm', 'owner');

	$node->safe_psql('crm', q(CREATE TABLE decoy.customer (id bigint PRIMARY KEY, name text, phone text);
		ALTER TABLE decoy.customer OWNER TO owner; GRANT ALL ON decoy.customer TO anna;));
	$other->query_safe('BEGIN; DROP TABLE decoy.customer;');
	my $run = IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('crm') . " user=$user", '-v', 'VERBOSITY=verbose',
			'-c', 'SET search_path = decoy, crm, anna, public', '-c', $sql ], '<', '/dev/null', '>', \$out, '2>', \$err);
	$node->poll_query_until('crm', q(SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock')))
	  or die 'nobody waits';
	$other->query_safe('COMMIT;');
	$run->finish;
	$other->quit;
	unlike("$out$err", qr/0600000042/, "$name in a race tells nothing");
	return state_of($err);
}

is(race('anna', 'CREATE TRIGGER t BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION anna.row_tells()', 'CREATE TRIGGER'),
	'42501', '... and is refused');
is(race('owner', 'CREATE RULE r AS ON UPDATE TO customer DO ALSO SELECT old.phone', 'CREATE RULE'), '42501', '... and is refused');
is(race('owner', 'CREATE POLICY p ON customer USING (anna.ok(phone))', 'CREATE POLICY'), '42501', '... and is refused');
is(race('owner', 'CREATE INDEX i ON customer (anna.tells(phone))', 'CREATE INDEX'), '42501', '... and is refused');
is(race('owner', 'CREATE STATISTICS decoy.s ON anna.tells(phone), id FROM customer', 'CREATE STATISTICS'), '42501', '... and is refused');
is(race('owner', 'ALTER TABLE customer ADD CHECK (anna.ok(phone))', 'ADD CHECK'), '42501', '... and is refused');
is(race('owner', 'ALTER TABLE customer ALTER name TYPE text USING anna.tells(phone)', 'ALTER TYPE'), '42501', '... and is refused');
is(race('owner', 'CLUSTER customer USING customer_pkey', 'CLUSTER'), '42501', '... and is refused');
is(race('anna', 'COPY customer TO STDOUT', 'COPY'), '', '... and gives masks');
is($node->safe_psql('crm', q(SELECT count(*) FROM pg_trigger WHERE tgname = 't')), '0', 'no trigger is left');
is($node->safe_psql('crm', q(SELECT count(*) FROM pg_indexes WHERE indexname = 'i')), '0', 'no index is left');

# What children bring along
my $kid = 'CREATE TABLE decoy.kid';
refused('owner', "$kid (up text GENERATED ALWAYS AS (upper(phone)) STORED) INHERITS (crm.person)", 'a generated column of a child');
refused('owner', "$kid (CHECK (anna.ok(phone))) INHERITS (crm.person)", 'a check of a child');
refused('owner', "CREATE TABLE decoy.evil (phone text CHECK (anna.ok(phone))); $kid () INHERITS (crm.person, decoy.evil)",
	'a check of the other parent');
refused('owner', "CREATE TABLE decoy.evil (phone text CHECK (anna.ok(phone))); $kid () INHERITS (decoy.evil, crm.person)",
	'the same the other way round');
refused('owner', "$kid (EXCLUDE (upper(phone) WITH =)) INHERITS (crm.person)", 'an exclusion of a child');
refused('owner', "$kid () INHERITS (crm.person); CREATE INDEX ON decoy.kid (anna.tells(phone))", 'an index of a child');
refused('owner', "CREATE TABLE decoy.model (id bigint, phone text); CREATE INDEX ON decoy.model (anna.tells(phone));
	$kid (LIKE decoy.model INCLUDING ALL) INHERITS (crm.person)", 'LIKE … INCLUDING ALL of a child');
refused('owner', "$kid PARTITION OF crm.job DEFAULT PARTITION BY LIST (anna.tells(phone))", 'a partition key of a partition');
refused('owner', "$kid PARTITION OF crm.job (CHECK (anna.ok(phone))) DEFAULT", 'a check of a partition');
refused('owner', "$kid PARTITION OF crm.job DEFAULT; CREATE TRIGGER t AFTER INSERT ON decoy.kid FOR EACH ROW EXECUTE FUNCTION anna.row_tells()",
	'a trigger of a partition');
refused('owner', "CREATE TABLE decoy.kid (LIKE crm.job); CREATE TRIGGER t BEFORE INSERT ON decoy.kid FOR EACH ROW EXECUTE FUNCTION anna.row_tells();
	ALTER TABLE crm.job ATTACH PARTITION decoy.kid DEFAULT", 'a trigger that was there when a table is attached');
refused('owner', "CREATE TABLE decoy.kid (id bigint, phone text, up text GENERATED ALWAYS AS (upper(phone)) STORED);
	ALTER TABLE decoy.kid INHERIT crm.person", 'a generated column that was there at INHERIT');
refused('owner', "CREATE TABLE decoy.kid (LIKE crm.job); CREATE POLICY p ON decoy.kid USING (anna.ok(phone));
	ALTER TABLE crm.job ATTACH PARTITION decoy.kid DEFAULT", 'a policy that was there');
refused('owner', "CREATE TABLE decoy.ref (p text PRIMARY KEY); CREATE TABLE decoy.kid (id bigint, phone text REFERENCES decoy.ref);
	ALTER TABLE decoy.kid INHERIT crm.person", 'a foreign key that was there at INHERIT');
refused('owner', 'ALTER TYPE decoy.t ALTER ATTRIBUTE phone TYPE varchar CASCADE', 'ALTER TYPE … CASCADE of a typed table');
passes('owner', "$kid PARTITION OF crm.job FOR VALUES FROM ('2026-01-01') TO ('2026-02-01')", 'a monthly partition');
passes('owner', "$kid PARTITION OF crm.job DEFAULT PARTITION BY LIST (zone)", 'a partition that is partitioned by a column');
passes('owner', "$kid (note2 text DEFAULT 'x' NOT NULL) INHERITS (crm.person)", 'a child with a column of its own');
passes('owner', 'CREATE TABLE decoy.kid (LIKE crm.job INCLUDING ALL); ALTER TABLE crm.job ATTACH PARTITION decoy.kid DEFAULT',
	'a table like its parent, attached');

# Migrations of the owner
passes('owner', $_->[1], $_->[0]) foreach
  [ 'a new column', "ALTER TABLE crm.customer ADD city text NOT NULL DEFAULT 'x', ADD born date" ],
  [ 'a dropped column', 'ALTER TABLE crm.customer DROP name' ],
  [ 'a default', "ALTER TABLE crm.customer ALTER name SET DEFAULT 'nobody', ALTER phone DROP DEFAULT" ],
  [ 'NOT NULL', 'ALTER TABLE crm.customer ALTER name SET NOT NULL; ALTER TABLE crm.customer ALTER name DROP NOT NULL' ],
  [ 'renames', 'ALTER TABLE crm.customer RENAME name TO label; ALTER TABLE crm.customer RENAME TO client' ],
  [ 'a plain index', 'CREATE INDEX ON crm.customer (name); CREATE INDEX ON crm.customer (phone, name)' ],
  [ 'a unique constraint', 'ALTER TABLE crm.customer ADD UNIQUE (id, name)' ],
  [ 'an identity', 'ALTER TABLE crm.customer ALTER id ADD GENERATED BY DEFAULT AS IDENTITY' ],
  [ 'a foreign key', 'CREATE TABLE crm.bill (id int PRIMARY KEY, customer bigint REFERENCES crm.customer);
		ALTER TABLE crm.customer ADD bill int REFERENCES crm.bill' ],
  [ 'a longer column', 'ALTER TABLE crm.customer ALTER name TYPE varchar(100)' ],
  [ 'a new owner', 'ALTER TABLE crm.customer OWNER TO owner' ],
  [ 'storage', 'ALTER TABLE crm.customer ALTER phone SET STORAGE EXTERNAL, SET (fillfactor = 70)' ],
  [ 'triggers off and on', 'ALTER TABLE crm.customer DISABLE TRIGGER USER; ALTER TABLE crm.customer ENABLE TRIGGER USER' ],
  [ 'another schema', 'ALTER TABLE crm.customer SET SCHEMA decoy' ],
  [ 'a grant and a comment', "GRANT SELECT ON crm.customer TO eve; COMMENT ON TABLE crm.customer IS 'x'" ],
  [ 'REINDEX', 'REINDEX TABLE crm.customer' ],
  [ 'a column of the interventions', "ALTER TABLE crm.intervention ADD remark text; ALTER TABLE crm.intervention RENAME TO job2" ],
  [ 'an unguarded table', 'CREATE TABLE decoy.x (a text CHECK (anna.ok(a))); CREATE INDEX ON decoy.x (anna.tells(a)); ALTER TABLE decoy.x ADD b text' ];
refused('owner', $_->[1], $_->[0]) foreach
  [ 'USING on an unguarded column', 'ALTER TABLE crm.customer ALTER name TYPE text USING phone' ],
  [ 'the type of a guarded column', 'ALTER TABLE crm.customer ALTER phone TYPE varchar(100)' ],
  [ 'CLUSTER ON', 'ALTER TABLE crm.customer CLUSTER ON customer_pkey' ],
  [ 'NO INHERIT', 'ALTER TABLE crm.vip NO INHERIT crm.person' ],
  [ 'a partial index', "CREATE INDEX ON crm.customer (id) WHERE phone < '0600000042'" ];

# A parent's column goes, the child's stays
$node->safe_psql('crm', 'ALTER TABLE ONLY crm.person DROP COLUMN phone', extra_params => [ '-U', 'owner' ]);
my ($out, $err) = as($node, 'crm', 'anna', 'SELECT phone FROM crm.vip');
is("$out$err", '', 'the column that stays in the child is still guarded');
$node->safe_psql('crm', q(CREATE TABLE crm.up (id bigint, phone text);
	CREATE TABLE crm.low (id bigint, phone text); ALTER TABLE crm.low INHERIT crm.up;
	INSERT INTO crm.low VALUES (42, '0600000042'); GRANT SELECT ON crm.low TO anna;
	SELECT contact_guard.protect('crm.up', customer => 'id', columns => '{phone}', mask => 'null');
	ALTER TABLE crm.up DROP COLUMN phone;));
is(as($node, 'crm', 'anna', 'SELECT phone FROM crm.low'), '', 'likewise one that was there before INHERIT');
$node->safe_psql('crm', q(CREATE TABLE crm.p1 PARTITION OF crm.job FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
	ALTER TABLE crm.p1 OWNER TO owner; GRANT SELECT ON crm.p1 TO anna; INSERT INTO crm.p1 VALUES (42, 'z', '0600000042', '2026-01-02')));
$node->safe_psql('crm', 'ALTER TABLE crm.job DETACH PARTITION crm.p1 CONCURRENTLY', extra_params => [ '-U', 'admin' ]);
is(as($node, 'crm', 'anna', 'SELECT phone FROM crm.p1'), '', 'a detached partition keeps its guard');

# What a verdict rests on
$node->safe_psql('crm', q(
	CREATE FUNCTION crm.is_on(s text) RETURNS bool IMMUTABLE LANGUAGE sql BEGIN ATOMIC SELECT s = 'on_site'; END;
	CREATE VIEW crm.running AS SELECT * FROM crm.intervention WHERE crm.is_on(status);
	CREATE VIEW crm.mine AS SELECT id, customer_id, technician, starts_at, ends_at, status FROM crm.running;
	ALTER VIEW crm.running OWNER TO owner; ALTER VIEW crm.mine OWNER TO owner; ALTER FUNCTION crm.is_on OWNER TO owner;
	GRANT eve TO owner; GRANT ALL ON SCHEMA crm TO eve;
	SELECT contact_guard.use_interventions('crm.mine', customer => 'customer_id', technician => 'technician', opens_at => 'starts_at', closes_at => 'ends_at',
		open_when => $$status = 'on_site'$$);));
my $all = q(SELECT 1::bigint AS id, c.id AS customer_id, 'anna'::name AS technician, now() - interval '1 h' AS starts_at, now() + interval '1 h' AS ends_at,
	'on_site'::text AS status FROM crm.customer c);
refused('owner', $_->[1], $_->[0]) foreach
  [ 'the view replaced', "CREATE OR REPLACE VIEW crm.mine AS $all" ],
  [ 'the view beneath replaced', 'CREATE OR REPLACE VIEW crm.running AS SELECT i.id, c.id AS customer_id, i.technician, i.starts_at, i.ends_at, i.status FROM crm.intervention i, crm.customer c' ],
  [ 'the function beneath replaced', 'CREATE OR REPLACE FUNCTION crm.is_on(s text) RETURNS bool IMMUTABLE LANGUAGE sql AS $$SELECT true$$' ],
  [ 'a rule in its place', "CREATE OR REPLACE RULE \"_RETURN\" AS ON SELECT TO crm.mine DO INSTEAD $all" ],
  [ 'a column in the place of another', "ALTER TABLE crm.intervention RENAME status TO was; ALTER TABLE crm.intervention ADD status text DEFAULT 'on_site'" ],
  [ 'another owner', 'ALTER VIEW crm.mine OWNER TO eve' ],
  [ 'columns of the view swapped', 'ALTER VIEW crm.mine RENAME status TO was' ],
  [ 'row security forced', 'ALTER TABLE crm.intervention ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY' ];
passes('owner', q(UPDATE crm.intervention SET status = 'done'; CREATE OR REPLACE FUNCTION crm.other() RETURNS int LANGUAGE sql AS 'SELECT 1';
	CREATE OR REPLACE VIEW crm.else AS SELECT 1 AS a; CREATE OR REPLACE VIEW crm.else AS SELECT 1 AS a, 2 AS b), 'everything else');
passes('owner', 'CREATE OR REPLACE VIEW crm.running AS SELECT * FROM crm.intervention WHERE crm.is_on(status)', 'a view replaced by itself');
$node->safe_psql('crm', 'CREATE OR REPLACE VIEW crm.running AS SELECT * FROM crm.intervention WHERE crm.is_on(status) AND id > 0',
	extra_params => [ '-U', 'admin' ]);
ok(log_rows($node, 'crm', q(event = 'policy' AND reason LIKE 'the query for interventions of mine has changed%')) == 1,
	'by an admin it is a record');
ok(log_rows($node, 'crm', q(event = 'policy' AND reason LIKE 'use interventions of mine: customer customer_id%the view%running%')) == 1,
	'use_interventions() has its columns and the view on record');
$node->safe_psql('crm', 'ALTER TABLE crm.intervention ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', extra_params => [ '-U', 'admin' ]);
like($node->safe_psql('crm', 'SELECT problems FROM contact_guard.status()'), qr/row security of relation .*intervention.* no window opens/,
	'status() says that forced row security closes all windows');

done_testing();
