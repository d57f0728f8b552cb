# What decides whether a window is open: no code of others with rights of the
# interventions' owner, nothing that the reader's session has a say in, however it
# got there; and honest definitions go on opening windows.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__) . '/lib';
use Guarded;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('verdict');
make_roles($node);
make_crm($node, 'crm', 60);
my $hour = q(now() - interval '1 hour', now() + interval '1 hour');
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE ROLE owner LOGIN;
	CREATE ROLE policy LOGIN IN ROLE contact_guard_admin;
	ALTER SCHEMA crm OWNER TO owner;
	CREATE SCHEMA own AUTHORIZATION owner; GRANT USAGE ON SCHEMA own TO PUBLIC;
	GRANT CREATE ON SCHEMA crm TO policy;
	SELECT contact_guard.forget_interventions('crm.intervention');
	SET ROLE owner;
	CREATE DOMAIN crm.empno AS text CHECK (VALUE <> '');
	CREATE TYPE crm.state AS ENUM ('on_site', 'done');
	CREATE TABLE crm.job (id int, customer_id bigint, tech text, starts_at timestamptz, ends_at timestamptz, status text, state crm.state, local timestamp, kind int);
	CREATE INDEX ON crm.job (tech, starts_at);
	CREATE TABLE crm.kind (kind int PRIMARY KEY, opens bool);
	INSERT INTO crm.kind VALUES (1, true), (2, false);));
$node->safe_psql('crm', "INSERT INTO crm.job SELECT n, 41 + n, 'anna', $hour, 'on_site', 'on_site', localtimestamp, 1 FROM generate_series(1, 2) n;
	UPDATE crm.job SET status = 'done', state = 'done', kind = 2 WHERE id = 2");

# Customer 42 is on site, 43 done.
my $parts = q(customer => 'customer_id', technician => 'tech', opens_at => 'starts_at', closes_at => 'ends_at');

sub use_it
{
	my ($relation, $open_when) = @_;
	my $when = defined $open_when ? ", open_when => \$w\$$open_when\$w\$" : '';
	my (undef, $err) = as($node, 'crm', 'postgres', "SELECT contact_guard.use_interventions('$relation', $parts$when)");

	return $err;
}

my $look = 'SELECT phone FROM crm.customer WHERE id IN (42, 43) ORDER BY id';

# The customers that anna is shown
sub seen
{
	my ($out, $err) = as($node, 'crm', 'anna', $look);

	diag($err) if $err;
	return join ' ', $out =~ /06000000(\d\d)/g;
}

sub forget
{
	my ($relation) = @_;

	$node->safe_psql('crm', "SELECT contact_guard.forget_interventions('$relation')");
	return;
}

sub problems
{
	return $node->safe_psql('crm', 'SELECT problems FROM contact_guard.status()');
}

sub is_superuser
{
	my ($role) = @_;

	return $node->safe_psql('crm', "SELECT rolsuper FROM pg_roles WHERE rolname = '$role'");
}

# Honest ones
sub opens
{
	my ($name, $relation, $open_when) = @_;

	my $err = use_it($relation, $open_when);
	is(state_of($err), '', "$name: may be used") or diag($err);
	is(seen(), '42', '... and opens its windows');
	forget($relation);
	return;
}

$node->safe_psql('crm', q(
	SET ROLE owner;
	CREATE FUNCTION crm.is_on(s text) RETURNS bool IMMUTABLE RETURN lower(s) = 'on_site';
	CREATE FUNCTION crm.opens(k int) RETURNS bool STABLE BEGIN ATOMIC SELECT opens FROM crm.kind WHERE kind = k; END;
	CREATE FUNCTION crm.named(s text) RETURNS bool STABLE LANGUAGE plpgsql SET search_path = crm, pg_temp AS $$BEGIN RETURN is_on(s); END$$;
	CREATE VIEW crm.joined AS SELECT j.id, j.customer_id, CASE WHEN k.opens THEN j.tech ELSE NULL END AS tech,
			j.local AT TIME ZONE 'UTC' - interval '1 hour' AS starts_at, coalesce(j.ends_at, j.starts_at) AS ends_at,
			upper(j.status) AS status, to_char(j.starts_at, 'DD.MM.YYYY') || ' ' || j.kind AS label, j.starts_at::date AS day,
			to_jsonb(j.state) AS state, format('%s: %s', j.id, j.status) AS line, row_number() OVER () AS n
		FROM crm.job j JOIN crm.kind k USING (kind);));
$node->safe_psql('crm', q(SELECT contact_guard.trust_function('crm.named(text)', 'looks the state up')));
opens('a table with IN', 'crm.job', q(lower(status) IN ('en_route', 'on_site')));
opens('a table with a domain', 'crm.job', q(tech::crm.empno <> 'x' AND coalesce(status, '') = 'on_site'));
opens('an enumeration', 'crm.job', q(state = 'on_site' AND state::text LIKE 'on%'));
opens('a join with CASE and AT TIME ZONE', 'crm.joined', q(status LIKE 'ON%'));
opens('a lookup with a body of the SQL standard', 'crm.job', 'crm.opens(kind) AND crm.is_on(status)');
opens('a trusted function', 'crm.job', 'crm.named(status)');
opens('a subquery', 'crm.job', 'EXISTS (SELECT FROM crm.kind k WHERE k.kind = i.kind AND k.opens)');
opens('arithmetic of dates', 'crm.job', q(state = 'on_site' AND date_trunc('day', starts_at) <= starts_at AND age(ends_at, starts_at) < '1 day'));

# The owner of a type changes what it does
my $spy = q(LANGUAGE plpgsql AS $$BEGIN IF current_user IN ('postgres', 'policy') THEN ALTER ROLE owner SUPERUSER; END IF; RETURN);
$node->safe_psql('crm', "SET ROLE owner; CREATE FUNCTION own.spy(p text) RETURNS bool $spy true; END\$\$;
	CREATE FUNCTION own.says(p crm.state) RETURNS json $spy '\"on_site\"'; END\$\$;
	CREATE FUNCTION own.says(p text) RETURNS bool STABLE $spy true; END\$\$;");
for (
	[ 'a check of a domain', q(tech::crm.empno <> 'x' AND status = 'on_site'), 'ALTER DOMAIN crm.empno ADD CONSTRAINT spy CHECK (own.spy(VALUE))' ],
	[ 'a cast to json', q(to_jsonb(state) = '"on_site"'), 'CREATE CAST (crm.state AS json) WITH FUNCTION own.says(crm.state)' ],
	[ 'a label renamed', q(state::text = 'on_site'), q(ALTER TYPE crm.state RENAME VALUE 'on_site' TO 'was'; ALTER TYPE crm.state RENAME VALUE 'done' TO 'on_site') ],
	[ 'a function of a body', 'crm.opens(kind)', q(CREATE OR REPLACE FUNCTION crm.opens(k int) RETURNS bool STABLE RETURN true) ],
	[ 'what a function does with NULL', 'crm.opens(kind)', 'ALTER FUNCTION crm.opens(int) STRICT' ],
	[ 'the settings of a function', 'crm.opens(kind)', 'ALTER FUNCTION crm.opens(int) SET extra_float_digits = 0' ])
{
	my ($name, $open_when, $change) = @$_;

	is(state_of(use_it('crm.job', $open_when)), '', "$name: may be used before");
	my (undef, $err) = as($node, 'crm', 'owner', $change);
	is(state_of($err), '42501', '... and is then not the owner\'s to change');
	isnt(seen(), '42 43', '... nothing more is shown');
	is(is_superuser('owner'), 'f', '... and nobody has become anything');
	forget('crm.job');
}
# What only the text of open_when names, there or not
$node->safe_psql('crm', 'SET ROLE owner; CREATE VIEW crm.duty AS SELECT kind FROM crm.kind WHERE opens');
is(state_of(use_it('crm.job', 'EXISTS (SELECT FROM crm.duty d WHERE d.kind = i.kind)')), '', 'a view in open_when: may be used before');
is(state_of((as($node, 'crm', 'owner', 'DROP VIEW crm.duty'))[1]), '42501', '... and is not its owner\'s to drop');
$node->safe_psql('crm', 'DROP VIEW crm.duty');
is(seen(), '', '... where an admin has dropped it no window opens');
is(state_of((as($node, 'crm', 'owner', 'CREATE VIEW crm.duty AS SELECT kind FROM crm.kind'))[1]), '42501', '... nor is another one its owner\'s to make');
is(seen(), '', '... nothing is shown');
forget('crm.job');
is(state_of((as($node, 'crm', 'owner', "BEGIN; ALTER TYPE crm.state ADD VALUE 'later'; ROLLBACK; ALTER DOMAIN crm.empno SET DEFAULT 'x'"))[1]), '',
	'the owner goes on with his types');

# However a function gets there, it is not called: the gate is closed below a question
sub closed
{
	my ($name, $relation, $function) = @_;

	is(seen(), '', "$name: opens nothing");
	is(is_superuser('owner'), 'f', '... and nobody has become anything');
	like(problems(), qr/interventions relation $relation: .*$function/, '... and status() names it');
	return;
}

# A change that nobody had committed, and a session that has its plan
$node->safe_psql('crm', 'SET ROLE owner; CREATE FUNCTION crm.on_duty(s text) RETURNS bool IMMUTABLE RETURN lower(s) = $$on_site$$');
my $other = session($node, 'crm', 'owner');
my $anna = session($node, 'crm', 'anna');
$other->query_safe("BEGIN; CREATE OR REPLACE FUNCTION crm.on_duty(s text) RETURNS bool IMMUTABLE $spy true; END\$\$;");
is(state_of(use_it('crm.job', 'crm.on_duty(status)')), '', 'a function that is being replaced');
like($anna->query_safe($look), qr/0600000042/, '... opens a window until then');
$other->query_safe('COMMIT;');
sleep 2;
unlike($anna->query_safe($look), qr/060000/, '... and in the same session none afterwards');
closed('afterwards', 'job', 'crm.on_duty');
$other->quit;
$anna->quit;
forget('crm.job');

# Labels that nobody checked, as a restore sets them; the reader's own types
my $label = q(SECURITY LABEL FOR contact_guard ON TABLE crm.job IS '{"interventions": {"open_when": "%s", "early": "00:00:00", "late": "00:00:00"}}';)
  . join('', map { "SECURITY LABEL FOR contact_guard ON COLUMN crm.job.$_->[0] IS '{\"interventions\": \"$_->[1]\"}';" }
	  [ 'ends_at', 'closes_at' ], [ 'starts_at', 'opens_at' ], [ 'tech', 'technician' ], [ 'customer_id', 'customer' ], [ 'id', 'id' ]);
for (
	[ 'a function in PL/pgSQL', 'own.says(status)', 'own.says' ],
	[ 'a cast in PL/pgSQL', q(to_jsonb(state) = ''\"on_site\"''), 'own.says' ],
	[ 'a setting of the reader', q(current_setting(''app.x'', true) IS NULL), 'current_setting' ],
	[ 'who logged in', 'session_user IS NOT NULL', 'SESSION_USER' ],
	[ 'a configuration of the reader', q(to_tsvector(status) IS NOT NULL), 'to_tsvector' ],
	[ 'a search_path', q(to_regclass(''x'') IS NULL), 'to_regclass' ])
{
	my ($name, $open_when, $function) = @$_;

	$node->safe_psql('crm', 'CREATE CAST (crm.state AS json) WITH FUNCTION own.says(crm.state)') if $name eq 'a cast in PL/pgSQL';
	$node->safe_psql('crm', sprintf($label, $open_when));
	closed("a restored label with $name", 'job', $function);
	forget('crm.job');
	$open_when =~ s/''/'/g;
	$open_when =~ s/\\"/"/g;
	like(use_it('crm.job', $open_when), qr/$function/, '... and use_interventions() refuses it');
	$node->safe_psql('crm', 'DROP CAST (crm.state AS json)') if $name eq 'a cast in PL/pgSQL';
}
# In a view beneath, and in what a body reads
$node->safe_psql('crm', q(SET ROLE owner;
	CREATE VIEW crm.tenant AS SELECT * FROM crm.kind WHERE opens AND coalesce(current_setting('app.x', true), '') = '';
	CREATE FUNCTION crm.tenant_opens(k int) RETURNS bool STABLE BEGIN ATOMIC SELECT EXISTS (SELECT FROM crm.tenant WHERE kind = k); END;
	CREATE FUNCTION crm.in_time(t timestamptz) RETURNS bool STABLE RETURN t < CURRENT_TIMESTAMP;
	CREATE VIEW crm.mine AS SELECT j.* FROM crm.job j JOIN crm.tenant USING (kind);));
like(use_it('crm.mine'), qr/current_setting/, 'a setting in a view is refused');
like(use_it('crm.job', 'crm.tenant_opens(kind)'), qr/current_setting/, 'and in a view that a body reads');
like(use_it('crm.job', 'crm.in_time(starts_at)'), qr/time of the reader's transaction/, 'and the time of a transaction in a body');

# Planning calls functions of indexes, with rights of the view's owner
$node->safe_psql('crm', "CREATE TABLE crm.beneath AS SELECT * FROM crm.job; ALTER TABLE crm.beneath OWNER TO owner;
	GRANT SELECT ON crm.beneath TO eve; CREATE VIEW crm.above AS SELECT * FROM crm.beneath; ALTER VIEW crm.above OWNER TO eve;
	SET ROLE owner; CREATE FUNCTION own.folded(p text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS \$\$BEGIN
		IF current_user = 'eve' THEN RAISE EXCEPTION 'as eve'; END IF; RETURN p; END\$\$;");
is(state_of(use_it('crm.above', q(status = 'on_site'))), '', 'a view of another owner');
is(seen(), '42', '... opens its windows');
$node->safe_psql('crm', q(CREATE INDEX ON crm.beneath ((own.folded('x')))), extra_params => [ '-U', 'owner' ]);
is(seen(), '', '... and none when planning would call a function of others');
like(problems(), qr/interventions relation above: .*own\.folded/, '... which status() names');
forget('crm.above');

# Too many rights
$node->safe_psql('crm', 'CREATE VIEW crm.super AS SELECT * FROM crm.kind JOIN crm.job USING (kind); CREATE VIEW crm.admins AS SELECT * FROM crm.job;
	GRANT SELECT ON crm.job TO policy; ALTER VIEW crm.admins OWNER TO policy; CREATE TABLE crm.alone AS SELECT * FROM crm.job; CREATE INDEX ON crm.alone (tech)');
is(state_of(use_it($_)), '42501', "$_ of a powerful role over tables of others is refused") foreach 'crm.super', 'crm.admins';
opens('a table of a superuser', 'crm.alone', q(status = 'on_site'));
my $labels = sprintf($label, q(status = ''on_site''));
$labels =~ s/crm\.job/crm.super/g;
$labels =~ s/ON TABLE/ON VIEW/;
$node->safe_psql('crm', $labels);
like(problems(), qr/interventions relation super: its owner .*postgres.* has more rights/, 'status() tells of one that is there');
forget('crm.super');

done_testing();
