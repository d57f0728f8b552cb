# An ordinary CRM, with the extensions that CRMs use: what of its definition protect()
# asks an admin about, and that all of it goes on working.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('crm', 'autovacuum = off', 'log_min_messages = fatal');
$node->safe_psql('postgres', 'CREATE DATABASE crm; CREATE ROLE owner LOGIN; CREATE ROLE anna LOGIN; CREATE ROLE desk LOGIN');
$node->safe_psql('crm', q(
	CREATE SCHEMA ext;
	GRANT USAGE ON SCHEMA ext TO PUBLIC;
	CREATE EXTENSION citext SCHEMA ext; CREATE EXTENSION pg_trgm SCHEMA ext; CREATE EXTENSION btree_gist SCHEMA ext;
	CREATE EXTENSION btree_gin SCHEMA ext; CREATE EXTENSION hstore SCHEMA ext; CREATE EXTENSION ltree SCHEMA ext;
	CREATE EXTENSION "uuid-ossp" SCHEMA ext; CREATE EXTENSION pgcrypto SCHEMA ext; CREATE EXTENSION fuzzystrmatch SCHEMA ext;
	CREATE EXTENSION moddatetime SCHEMA ext; CREATE EXTENSION insert_username SCHEMA ext; CREATE EXTENSION autoinc SCHEMA ext;
	CREATE EXTENSION refint SCHEMA ext; CREATE EXTENSION lo SCHEMA ext; CREATE EXTENSION tcn SCHEMA ext;
	CREATE EXTENSION contact_guard;
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin, owner;
	GRANT CREATE ON DATABASE crm TO owner;));

# Everything that psql received, with SQLSTATEs; goes on after errors
sub run_as
{
	my ($role, $sql) = @_;
	my $received = '';
	IPC::Run::run([ $node->installed_command('psql'), '-X', '-q', '-A', '-t', '-v', 'VERBOSITY=verbose', '-v', 'SHOW_CONTEXT=never',
			'-h', $node->host, '-p', $node->port, '-U', $role, '-d', 'crm' ],
		'<', \"SET client_min_messages = error; SET search_path = crm, ext; $sql", '>&', \$received, IPC::Run::timeout(60));
	return $received;
}

sub protect
{
	my ($table, $columns, @more) = @_;
	return run_as('admin', "SELECT contact_guard.protect('$table', customer => 'id', columns => '{$columns}', mask => 'null'" . join('', map { ", $_" } @more) . ')');
}

# What an admin's next table has: id, name, phone and the rest, and a row of 42
my $made = 0;
sub made
{
	my ($rest, $type) = @_;
	my $table = 'crm.t' . ++$made;
	my $out = run_as('owner', "CREATE TABLE $table (id bigint, name text, at timestamptz, n int, phone @{[ $type // 'text' ]}, $rest);
		INSERT INTO $table (id, name, at, n, phone) VALUES (42, 'n42', now(), 1, '4242');
		GRANT SELECT, INSERT, UPDATE ON $table TO anna");
	is($out, '', "the owner makes $rest");
	return $table;
}

sub free
{
	my ($what, $rest, $type) = @_;
	my $table = made($rest, $type);
	is(protect($table, 'phone'), "\n", "$what needs no trust");
	return $table;
}

sub refused
{
	my ($what, $function, $rest, $type) = @_;
	my $out = protect(made($rest, $type), 'phone');
	like($out, qr/ERROR:  42501: function \Q$function\E may not be called/, "$what is refused");
	return $out;
}

# 1. The CRM
my $out = run_as('owner', q(
	CREATE SCHEMA crm;
	GRANT USAGE ON SCHEMA crm TO PUBLIC;
	CREATE TYPE kind AS ENUM ('private', 'company');
	CREATE DOMAIN phone AS text CHECK (VALUE ~ '^\+?[0-9 ]+$');
	CREATE DOMAIN email AS ext.citext CHECK (VALUE ~ '^[^@]+@[^@]+$');
	CREATE SEQUENCE number START 1000;
	CREATE TYPE state AS ENUM ('a'); CREATE TYPE mood AS ENUM ('a');
	CREATE FUNCTION state_of(text) RETURNS state LANGUAGE sql RETURN 'a'::state;
	CREATE TABLE audit (at timestamptz DEFAULT clock_timestamp(), who name DEFAULT current_user, what text);
	CREATE FUNCTION set_updated_at() RETURNS trigger LANGUAGE plpgsql SET search_path = crm, ext, pg_temp
		AS $$BEGIN NEW.updated_at := now(); RETURN NEW; END$$;
	CREATE FUNCTION audited() RETURNS trigger LANGUAGE plpgsql SET search_path = crm, ext, pg_temp
		AS $$DECLARE m mood; s text := state_of('a'); BEGIN INSERT INTO audit (what) VALUES (TG_OP || ' ' || NEW.id || quote_nullable(NEW.number) || (hstore(OLD) IS NULL)); RETURN NEW; END$$;
	CREATE FUNCTION slug(t text) RETURNS text LANGUAGE sql IMMUTABLE RETURN lower(regexp_replace(t, '\s+', '-', 'g'));
	CREATE TABLE customer (
		id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
		ref uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE, ref1 uuid DEFAULT ext.uuid_generate_v1(), ref4 uuid DEFAULT ext.uuid_generate_v4(),
		token bytea DEFAULT ext.gen_random_bytes(8), number bigint DEFAULT nextval('crm.number'), lot float8 DEFAULT random(),
		name text NOT NULL, kind kind DEFAULT 'private',
		phone phone, mobile phone, email email, email2 ext.citext, door_code text, fax bigint, code char(8), contact jsonb, tags ext.hstore, path ext.ltree,
		phones text[], floors int[], born date, place point, whose uuid,
		data jsonb DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object'),
		valid tstzrange DEFAULT tstzrange(now(), NULL),
		words tsvector GENERATED ALWAYS AS (to_tsvector('simple', coalesce(name, ''))) STORED,
		all_words tsvector GENERATED ALWAYS AS (to_tsvector('pg_catalog.english', coalesce(name, '') || ' ' || coalesce(phone, ''))) STORED,
		digits text GENERATED ALWAYS AS (regexp_replace(phone, '\D', '', 'g')) STORED,
		created_at timestamptz NOT NULL DEFAULT now(), created_by text DEFAULT current_user, updated_at timestamptz DEFAULT clock_timestamp(), moved timestamp,
		CHECK (email2 LIKE '%@%'), CHECK (position('@' in email2) > 0), CHECK (split_part(email2, '@', 2) <> ''), CHECK (strpos(email2, '@'::ext.citext) > 0),
		CHECK (length(phone) < 20), CHECK (phone ~* '^\+?[0-9]'), CHECK (starts_with(phone, '+')), CHECK (phone IS NOT NULL OR mobile IS NOT NULL),
		CHECK (num_nonnulls(phone, mobile, email) >= 1), CHECK (concat(phone, mobile, fax) <> ''), CHECK (concat_ws(' ', phone, fax) <> ''), CHECK (format('%s', phone) <> ''),
		CHECK (door_code = upper(door_code)), CHECK (md5(door_code) <> ''), CHECK (code SIMILAR TO '[0-9]+'),
		CHECK (fax > 100 AND ('f' || fax) <> ''), CHECK (fax || 'f' <> ''), CHECK (quote_literal(fax) <> ''), CHECK (whose || 'x' <> ''),
		CHECK (contact ? 'phone' OR contact = '{}'), CHECK (contact ->> 'phone' ~ '^[0-9]*$'), CHECK (jsonb_path_exists(contact, '$.phone')),
		CHECK (to_jsonb(phone) IS NOT NULL), CHECK (to_jsonb(phones) <> '[]'), CHECK (jsonb_build_object('p', phone, 'f', fax) ? 'p'), CHECK (to_json(tags) IS NOT NULL OR tags IS NULL),
		CHECK (cardinality(phones) < 5), CHECK (array_to_string(phones, ',') <> ''), CHECK (phones::text <> '{}'), CHECK (array_length(floors, 1) > 0), CHECK (tags -> 'a' <> ''),
		CHECK (born > '1900-01-01'), CHECK (extract(year FROM born) > 1900), CHECK (place <@ circle '((0,0),100)'), CHECK (created_at <= now()));
	CREATE INDEX ON customer (lower(email2)); CREATE INDEX ON customer USING gin (name gin_trgm_ops); CREATE INDEX ON customer USING gin (phone gin_trgm_ops);
	CREATE INDEX ON customer USING gist (phone gist_trgm_ops); CREATE INDEX ON customer USING gin (phones); CREATE INDEX ON customer USING gin (contact jsonb_path_ops);
	CREATE INDEX ON customer USING gist (path); CREATE INDEX ON customer USING gin (tags); CREATE INDEX ON customer USING gin (all_words); CREATE INDEX ON customer USING gin (fax, phone gin_trgm_ops);
	CREATE INDEX ON customer USING gin (to_tsvector('simple', phone || fax::text)); CREATE INDEX ON customer ((phone || fax)); CREATE INDEX ON customer (slug(door_code));
	CREATE INDEX ON customer USING brin (fax); CREATE INDEX ON customer USING hash (door_code); CREATE INDEX ON customer USING spgist (phone); CREATE INDEX ON customer (fax) WHERE fax > 10;
	CREATE INDEX ON customer ((contact ->> 'phone')); CREATE INDEX ON customer (reverse(phone) text_pattern_ops); CREATE INDEX ON customer (digest(door_code, 'sha256')); CREATE INDEX ON customer (dmetaphone(door_code));
	ALTER TABLE customer ADD EXCLUDE USING gist (fax WITH =, valid WITH &&);
	CREATE STATISTICS statistics ON (lower(phone)), fax FROM customer;
	CREATE TRIGGER t1 BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION set_updated_at();
	CREATE TRIGGER t2 AFTER INSERT OR UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION audited();
	CREATE TRIGGER t3 BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION ext.moddatetime(moved);
	CREATE TRIGGER t4 BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
	CREATE TRIGGER t5 BEFORE INSERT ON customer FOR EACH ROW EXECUTE FUNCTION ext.insert_username(created_by);
	ALTER TABLE customer ENABLE ROW LEVEL SECURITY;
	CREATE POLICY mine ON customer USING (current_setting('app.tenant', true) IS NULL OR created_by = current_setting('app.tenant', true));
	GRANT SELECT, INSERT, UPDATE ON customer, audit TO anna, desk;
	GRANT USAGE ON SEQUENCE number TO anna, desk;));
is($out, '', 'the CRM is made');

my $columns = 'phone,mobile,email,email2,door_code,fax,code,contact,tags,path,phones,floors,born,place,whose';
$out = protect('crm.customer', $columns);
my @mends = $out =~ /Mend: (.*)/g;
is_deeply([ sort map { /trust_function\('([^']*)', 'why'\);$/ ? $1 : $_ } @mends ],
	[ 'crm.audited()', 'crm.set_updated_at()', 'ext.insert_username()', 'ext.moddatetime()' ], 'protect() asks about its trigger functions, and about nothing else');
is(scalar(grep { !/^SELECT contact_guard\.trust_function\('[^']*', 'why'\);$/ } @mends), 0, '... with one call for each');
like(run_as('admin', join ' ', @mends), qr/\A\s*\z/, '... which do it');
is(protect('crm.customer', $columns), "\n", '... and then it is protected');
unlike(run_as('admin', "SET client_min_messages = warning; SELECT contact_guard.protect('crm.customer', 'id', '{phone}', 'null')"), qr/trigger "t/, '... without a warning of its triggers');
$node->safe_psql('crm', q(SELECT contact_guard.allow('desk', 'the desk')));

my $row = q(INSERT INTO customer (name, phone, mobile, email, email2, door_code, fax, code, contact, tags, path, phones, floors, born, place, whose)
	VALUES ('Ann Lee', '+4912', '+491', 'a@b.c', 'x@y.z', 'A12', 1234, '12345678', '{"phone": "12"}', 'a=>1', 'x.y', '{1,2}', '{1}', '2000-01-01', '(1,1)', gen_random_uuid()));
is(run_as('anna', $row), '', 'a technician inserts');
is(run_as('anna', q(UPDATE customer SET name = 'Ann Li', kind = 'company', data = data || '{"a": 1}' WHERE id = 1)), '', '... and updates what is not guarded');
is(run_as('anna', q(SELECT name, phone, digits, all_words, words, kind, ref IS NOT NULL, ref4 IS NOT NULL, number, created_by, updated_at > created_at, moved IS NOT NULL FROM customer)),
	"Ann Li||||'ann':1 'li':2|company|t|t|1000|anna|t|t\n", '... and reads, with what defaults, triggers and generated columns have made');
is(run_as('anna', 'SELECT what FROM audit ORDER BY at'), "INSERT 1'1000'false\nUPDATE 1'1000'false\n", '... the audit has it');
is(run_as('anna', q(SELECT name FROM customer WHERE name % 'Ann Li' AND words @@ 'ann')), "Ann Li\n", '... indexes find it');
is(run_as('desk', q(UPDATE customer SET phone = '+4913', email2 = 'q@r.s' WHERE id = 1; SELECT phone, email2, digits FROM customer WHERE phone LIKE '+49%')), "+4913|q\@r.s|4913\n", 'the desk does all');
like(run_as('desk', q(UPDATE customer SET phone = 'none' WHERE id = 1)), qr/ERROR:  23514:/, '... within the checks');
is(run_as('anna', q(SET app.tenant = 'bob'; SELECT count(*) FROM customer)), "0\n", 'row security goes on working');
is(run_as('desk', $row =~ s/Ann Lee/Bob/r =~ s/1234,/1235,/r) . run_as('anna', q(UPDATE customer SET name = name)), '', 'nothing changes, and nothing fails');

# 2. Migrations that capture nothing
is(run_as('owner', q(
	CREATE TYPE price_range AS RANGE (subtype = numeric);
	CREATE TYPE level AS ENUM ('low', 'high');
	CREATE FUNCTION level_number(level) RETURNS int LANGUAGE sql IMMUTABLE RETURN 1;
	CREATE CAST (level AS int) WITH FUNCTION level_number(level) AS ASSIGNMENT;
	CREATE CAST (level AS text) WITH INOUT AS ASSIGNMENT;
	CREATE TYPE level_range AS RANGE (subtype = level);
	CREATE TABLE offer (id int, price price_range, level level);
	CREATE FUNCTION price_text(price_range) RETURNS text LANGUAGE sql IMMUTABLE RETURN lower($1)::text;
	CREATE CAST (price_range AS text) WITH FUNCTION price_text(price_range) AS ASSIGNMENT;
	CREATE DOMAIN zip AS text CHECK (VALUE ~ '^[0-9]+$');
	CREATE INDEX ON customer (name); ALTER TABLE customer ADD note text DEFAULT 'x'; ALTER TABLE customer ALTER ref4 SET DEFAULT gen_random_uuid();)), '', 'the owner migrates');
my %casts = (
	'a column of a guarded relation' => [ 'kind', 'CREATE FUNCTION kind_number(kind) RETURNS int LANGUAGE sql RETURN 1; CREATE CAST (kind AS int) WITH FUNCTION kind_number(kind)' ],
	'a relation that a trusted function names' => [ 'e1', q(CREATE TYPE e1 AS ENUM ('a'); ALTER TABLE audit ADD e e1; CREATE CAST (e1 AS text) WITH INOUT AS IMPLICIT) ],
	'a domain in such a relation' => [ 'e2', q(CREATE TYPE e2 AS ENUM ('a'); CREATE DOMAIN d2 AS e2; ALTER TABLE audit ADD d d2; CREATE CAST (e2 AS text) WITH INOUT AS IMPLICIT) ],
	'a row type in such a relation' => [ 'e3', q(CREATE TYPE e3 AS ENUM ('a'); CREATE TABLE r3 (e e3); ALTER TABLE audit ADD r r3[]; CREATE CAST (e3 AS text) WITH INOUT AS IMPLICIT) ],
	'a function that it names' => [ 'state', 'CREATE CAST (state AS text) WITH INOUT AS IMPLICIT' ],
	'a type that it names' => [ 'mood', 'CREATE CAST (mood AS text) WITH INOUT AS IMPLICIT' ]);
foreach my $what (sort keys %casts)
{
	my ($type, $sql) = @{ $casts{$what} };
	like(run_as('owner', $sql), qr/\A\S*ERROR:  42501: must be a member of role "contact_guard_admin" to create a cast from type (?:\w+\.)?$type to /, "a cast from $what needs an admin");
}

# 3. SQL functions whose body is a text
free('a number behind a text', "CHECK (phone || n <> '')");
$node->safe_psql('crm', q(
	SET search_path = ext;
	CREATE FUNCTION ext.same(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.upper($1) OPERATOR(pg_catalog.||) (''x''::pg_catalog.text)';
	CREATE FUNCTION ext.escaped(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT pg_catalog.replace($1, E'\\\\', '')$$;
	CREATE FUNCTION ext.choice(a text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT CASE WHEN a IS NULL THEN pg_catalog.lower('A') ELSE coalesce(a::pg_catalog.text, '') END$$;
	CREATE FUNCTION ext.bare(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
	CREATE FUNCTION ext.dotted(a text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT a.upper';
	CREATE FUNCTION ext.dotted2(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ($1).upper';
	CREATE FUNCTION ext.operator(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1 || ''x''';
	CREATE FUNCTION ext.among(text) RETURNS bool LANGUAGE sql IMMUTABLE AS $$SELECT $1 IN ('x')$$;
	CREATE FUNCTION ext.switch(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT CASE $1 WHEN 'x' THEN 'y' ELSE 'z' END$$;
	CREATE FUNCTION ext.typed(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.upper($1::ext.citext::pg_catalog.text)';
	CREATE FUNCTION ext.slashed(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT pg_catalog.replace($1, '\\\\', '')$$;
	CREATE FUNCTION ext.dated(text) RETURNS bool LANGUAGE sql IMMUTABLE AS $$SELECT pg_catalog.date_gt('01/02/2020'::pg_catalog.date, pg_catalog.make_date(pg_catalog.length($1), 1, 1))$$;
	CREATE FUNCTION ext.reading(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT pg_catalog.max(what) FROM crm.audit';
	CREATE FUNCTION ext.two(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT $1; SELECT pg_catalog.upper($1)';
	CREATE FUNCTION ext.sleepy(text) RETURNS text LANGUAGE sql AS $$SELECT pg_catalog.set_config('app.x', $1, false)$$;));
free('a text that names pg_catalog alone', "CHECK (ext.$_(phone) IS NOT NULL)") foreach qw(same escaped choice);
foreach my $name (qw(bare dotted dotted2 operator among switch typed slashed dated reading two))
{
	like(refused("text '$name'", "ext.$name(text)", "CHECK (ext.$name(phone) IS NOT NULL)"), qr/looks up names when it runs/, '... as one that is found by name');
}
refused('what such a text calls', 'pg_catalog.set_config(text, text, boolean)', 'CHECK (ext.sleepy(phone) IS NOT NULL)');
is(run_as('owner', 'CREATE FUNCTION own(text) RETURNS text LANGUAGE sql IMMUTABLE AS $$SELECT pg_catalog.upper($1)$$'), '', 'an owner who is no superuser');
refused('... a text of his', 'crm.own(text)', 'CHECK (own(phone) IS NOT NULL)');

# The cast that such a text looks for is found by the type of the call
is(run_as('owner', q(CREATE TYPE told AS ENUM ('4242'); CREATE TYPE kept AS ENUM ('4242'); CREATE TYPE later AS ENUM ('4242');
	CREATE FUNCTION tell(told) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'told %', $1::varchar; RETURN 'x'; END$$;
	CREATE FUNCTION keep(kept) RETURNS text IMMUTABLE LANGUAGE sql RETURN upper(enum_out($1)::text);
	CREATE FUNCTION tell_later(later) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN 'x'; END$$;)), '', 'types with casts');
is($node->safe_psql('crm', q(CREATE CAST (crm.told AS text) WITH FUNCTION crm.tell(crm.told); CREATE CAST (crm.kept AS text) WITH FUNCTION crm.keep(crm.kept); SELECT 1)), 1, '... are made');
refused('a cast in PL/pgSQL', 'crm.tell(crm.told)', "CHECK (name || phone <> '')", 'told');
refused('... the second call of two', 'crm.tell(crm.told)', "CHECK (name || n <> '' AND name || phone <> '')", 'told');
free('a cast with a body of the SQL standard', "CHECK (name || n <> '' AND name || phone <> '')", 'kept');
my $later = free('no cast', "CHECK (quote_literal(phone) <> '')", 'later');
like(run_as('owner', 'CREATE CAST (later AS text) WITH FUNCTION tell_later(later)'), qr/ERROR:  42501:/, '... one comes later, and needs an admin');
refused('what an aggregate calls', 'pg_catalog.textanycat(text, anynonarray)', q(CHECK (summed(phone) IS NOT NULL)))
  if run_as('owner', q(CREATE AGGREGATE sum_up(told) (sfunc = pg_catalog.textanycat, stype = text); CREATE FUNCTION summed(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN (SELECT sum_up(x::told) FROM unnest(ARRAY[$1]) x))) eq '';

# 4. What prints values: the types that settings do not sway
my $reader = free('values that are printed the same everywhere', q(CHECK (to_jsonb(phone) IS NOT NULL AND format('%s', phone) <> '' AND concat(phone, n, id) <> '' AND jsonb_build_array(phone, n::numeric, true) <> '[]'
	AND to_json(ARRAY[phone]) IS NOT NULL AND array_to_json(ARRAY[n]) IS NOT NULL)));
is(run_as('anna', "UPDATE $reader SET name = 'x'"), '', '... and the check runs');
my %printed = ('to_jsonb(anyelement)' => 'to_jsonb(phone::int * 1.5::float8) IS NOT NULL', 'concat("any")' => "concat(make_date(length(phone), 1, 1)) <> ''",
	'jsonb_build_object("any")' => q(jsonb_build_object('a', timezone('UTC', make_timestamp(length(phone), 1, 1, 1, 1, 1))) IS NOT NULL),
	'array_to_string(anyarray, text)' => q(array_to_string(ARRAY[make_interval(length(phone))], ',') <> ''), 'array_out(anyarray)' => q(ARRAY[decode(phone, 'hex')]::text <> ''));
like(refused('what is not', "pg_catalog.$_", "CHECK ($printed{$_})"), qr/Its result depends on settings/, "... $_") foreach sort keys %printed;

# 5. Triggers in C: one call for each, which a dump carries
foreach my $trigger ([ 'lo_manage', 'lo_manage(n)' ], [ 'autoinc', "autoinc(n, 'crm.number')" ], [ 'triggered_change_notification', 'triggered_change_notification()', 'AFTER' ])
{
	my ($function, $call, $when) = @$trigger;
	my $table = made('PRIMARY KEY (id)');
	run_as('owner', "CREATE TRIGGER t @{[ $when // 'BEFORE' ]} UPDATE ON $table FOR EACH ROW EXECUTE FUNCTION ext.$call");
	$out = protect($table, 'phone');
	like($out, qr/HINT:  SELECT contact_guard\.trust_function\('ext\.$function\(\)', 'why'\);/, "$function needs one call");
	next if $function eq 'lo_manage';
	like(run_as('admin', ($out =~ /HINT:  (SELECT [^;]*;)/)[0]), qr/\A\s*\z/, '... which may be run');
	is(protect($table, 'phone'), "\n", '... and it is protected');
	is(run_as('anna', "UPDATE $table SET name = 'x', n = NULL WHERE id = 42"), '', '... and works');
}
my $path = run_as('owner', q(CREATE TABLE one (id int PRIMARY KEY); INSERT INTO one VALUES (1); SELECT 1));
is($path, "1\n", 'a table that refint looks into');
my $checked = made('CHECK (n > 0)');
run_as('owner', "CREATE TRIGGER t AFTER UPDATE ON $checked FOR EACH ROW EXECUTE FUNCTION ext.check_primary_key('n', 'crm.one', 'id')");
run_as('admin', q(SELECT contact_guard.trust_function('ext.check_primary_key()', 'it looks into crm.one')));
is(protect($checked, 'phone'), "\n", 'a trigger in C that runs SQL is trusted');
$node->safe_psql('crm', q(GRANT SELECT ON crm.one TO anna; CREATE SCHEMA anna AUTHORIZATION anna));
my $said = run_as('anna', "CREATE FUNCTION anna.tell(int, int) RETURNS bool LANGUAGE plpgsql AS \$\$BEGIN RAISE EXCEPTION 'told'; END\$\$;
	CREATE OPERATOR anna.= (leftarg = int, rightarg = int, function = anna.tell); SET search_path = anna, pg_catalog; SHOW search_path;
	UPDATE $checked SET name = 'x'; SHOW search_path; UPDATE $checked SET n = 2; SHOW search_path");
is($said =~ s/^LOCATION.*\n|^DETAIL.*\n|^HINT.*\n//mgr, "anna, pg_catalog\nanna, pg_catalog\nERROR:  " . (($said =~ /^ERROR:  (.*)/m)[0] // '?') . "\nanna, pg_catalog\n", '... finds nothing on the path of who writes, and gives that back, after an error too');
unlike($said, qr/told/, '... the operator of who writes was not called');

# A dump does not carry what was done with an extension's functions: they are trusted before the triggers come
my $dump = $node->basedir . '/crm.dump';
$node->command_ok([ 'pg_dump', '-Fc', '-d', $node->connstr('crm'), '-f', $dump ], 'the CRM is dumped');
$node->safe_psql('postgres', 'CREATE DATABASE again');
my @restore = ('pg_restore', '-e', '-d', $node->connstr('again'));
$node->command_ok([ @restore, "--section=$_", $dump ], "... and restored, $_") foreach qw(pre-data data);
$node->safe_psql('again', "SELECT contact_guard.trust_function('ext.$_()', 'as before')") foreach qw(autoinc check_primary_key insert_username moddatetime triggered_change_notification);
$node->command_ok([ @restore, '--section=post-data', $dump ], '... the rest');
is($node->safe_psql('again', q(UPDATE crm.customer SET name = 'again' WHERE id = 1; SELECT name FROM crm.customer WHERE id = 1)), 'again', '... which are called');
is($node->safe_psql('again', q(SELECT count(*) FROM (SELECT unnest(problems) AS problem FROM contact_guard.status()) p WHERE problem LIKE '%trust%')), '0', '... and are no problem');
$node->stop;

done_testing();
