# Code that the text of a trusted function does not name: casts, which are found by types,
# and what is written as an operator, a function or an aggregate of PostgreSQL's own is.
# A body that only computes tells stored values by its errors.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('unnamed', 'autovacuum = off', 'log_min_messages = fatal');
$node->safe_psql('postgres', 'CREATE DATABASE crm; CREATE ROLE owner LOGIN;');
$node->safe_psql('crm', q(
	CREATE EXTENSION contact_guard;
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin, owner;
	CREATE SCHEMA crm AUTHORIZATION owner; CREATE SCHEMA own2 AUTHORIZATION owner; CREATE SCHEMA adm AUTHORIZATION admin;
	GRANT USAGE ON SCHEMA crm, own2, adm TO PUBLIC;));

# Everything that psql received, with SQLSTATEs; goes on after errors
sub run_as
{
	my ($role, $sql) = @_;
	my $received = '';
	IPC::Run::run([ $node->installed_command('psql'), '-X', '-q', '-A', '-t', '-v', 'VERBOSITY=verbose', '-v', 'SHOW_CONTEXT=never',
			'-h', $node->host, '-p', $node->port, '-U', $role, '-d', 'crm' ],
		'<', \"SET client_min_messages = error; SET search_path = crm; $sql", '>&', \$received, IPC::Run::timeout(60));
	return $received;
}

sub make
{
	my ($sql) = @_;
	is(run_as('owner', $sql), '', 'the owner makes ' . substr $sql, 0, 50);
	return;
}

sub protect { return run_as('admin', "SELECT contact_guard.protect('$_[0]', 'id', '{phone}', 'constant(WITHHELD)')") }

# A body that fails for one value and not for another
sub tells
{
	my ($value, $guess, $as) = @_;
	return "LANGUAGE sql IMMUTABLE RETURN (CASE WHEN starts_with($value\::text, $guess\::text) THEN 1 / (length($value) - length($value)) ELSE 2 END)$as";
}

# A trusted trigger whose text computes $expression
sub trusted_trigger
{
	my ($table, $expression) = @_;
	my $name = "adm.on_$table";
	is(run_as('admin', "CREATE FUNCTION $name() RETURNS trigger LANGUAGE plpgsql SET search_path = crm, pg_temp AS
			\$\$BEGIN PERFORM $expression; RETURN NEW; END\$\$;
		CREATE TRIGGER t BEFORE UPDATE ON crm.$table FOR EACH ROW EXECUTE FUNCTION $name();
		SELECT contact_guard.trust_function('$name()', 'read and understood')"), "\n", "an admin trusts a trigger with $expression");
	return;
}

my $columns = 'id bigint, name text, phone varchar';
my $rows = q(INSERT INTO %s (id, name, phone) VALUES (42, 'n42', 'SECRET-42'));

# 1. Made before anything is trusted
my %planted = (
	'a cast of the row' => [ 'c1', 'own2.c1(crm.c1)', 'md5(NEW::text)',
		'CREATE FUNCTION own2.c1(c1) RETURNS text ' . tells('($1).phone', '($1).name', '::text') . '; CREATE CAST (c1 AS text) WITH FUNCTION own2.c1(c1)' ],
	'a cast of an array of rows' => [ 'c2', 'own2.c2(crm.c2[])', 'md5(ARRAY[NEW]::text)',
		'CREATE FUNCTION own2.c2(c2[]) RETURNS text ' . tells('($1[1]).phone', '($1[1]).name', '::text') . '; CREATE CAST (c2[] AS text) WITH FUNCTION own2.c2(c2[])' ],
	'an operator of the row' => [ 'c3', 'own2.c3(crm.c3, crm.c3)', 'NEW IS DISTINCT FROM OLD',
		'CREATE FUNCTION own2.c3(c3, c3) RETURNS bool ' . tells('($1).phone', '($1).name', ' > 0') . '; CREATE OPERATOR = (FUNCTION = own2.c3, LEFTARG = c3, RIGHTARG = c3)' ],
	'a closer match of a function' => [ 'c4', 'crm.starts_with(character varying, character varying)', 'starts_with(NEW.phone, NEW.name::varchar)',
		'CREATE FUNCTION starts_with(varchar, varchar) RETURNS bool ' . tells('$1', '$2', ' > 0') ],
	'an aggregate of the row' => [ 'c5', 'own2.c5(text, crm.c5)', 'max(NEW)',
		'CREATE FUNCTION own2.c5(text, c5) RETURNS text ' . tells('($2).phone', '($2).name', '::text') . '; CREATE AGGREGATE max(c5) (SFUNC = own2.c5, STYPE = text)' ]);
make("CREATE TABLE $planted{$_}[0] ($columns); " . sprintf($rows, $planted{$_}[0]) . "; $planted{$_}[3]") foreach sort keys %planted;
foreach my $what (sort keys %planted)
{
	my ($table, $function, $expression) = @{ $planted{$what} };
	trusted_trigger($table, $expression);
	is(protect("crm.$table"), "\n", "... and protects crm.$table");
	my ($right, $wrong) = map { run_as('owner', "UPDATE $table SET name = '$_' WHERE id = 42") } 'SECRET-4', 'SECRET-5';
	like($right, qr/ERROR:  42501: function \Q$function\E cannot be called here: it is not trusted with stored values/, "$what is not called");
	is($wrong, $right, '... whatever the guess');
	like($right, qr/DETAIL:  Trusted function adm\.on_$table\(\) calls it through a cast, or through a name that a built-in/, '... and says how it is found');
	my ($mend) = $right =~ /HINT:  (ALTER FUNCTION .*; SELECT contact_guard\.trust_function\('.*', 'why'\);)/;
	is(run_as('admin', $mend // 'SELECT 1'), "\n", '... and what mends it: an admin does that');
	is(run_as('owner', "UPDATE $table SET name = 'SECRET-5' WHERE id = 42"), '', '... and it works');
}

# PL/pgSQL keeps casts for all functions of a transaction: this one was made ready above the gate
make("CREATE TABLE c6 ($columns); " . sprintf($rows, 'c6') . '; CREATE FUNCTION own2.c6(c6) RETURNS text ' . tells('($1).phone', '($1).name', '::text') .
	'; CREATE CAST (c6 AS text) WITH FUNCTION own2.c6(c6) AS ASSIGNMENT');
is(run_as('admin', q(CREATE FUNCTION adm.on_c6() RETURNS trigger LANGUAGE plpgsql SET search_path = crm, pg_temp AS
		$$DECLARE t text; BEGIN SELECT NEW INTO t; RETURN NEW; END$$;
	CREATE TRIGGER t BEFORE UPDATE ON c6 FOR EACH ROW EXECUTE FUNCTION adm.on_c6();
	SELECT contact_guard.trust_function('adm.on_c6()', 'read'))) . protect('crm.c6'), "\n\n", 'a trusted trigger casts by SELECT INTO');
like(run_as('owner', q(CREATE FUNCTION own2.ready() RETURNS void LANGUAGE plpgsql AS
		$$DECLARE r c6; t text; BEGIN r := ROW(1, 'x', 'y'); SELECT r INTO t; END$$; BEGIN; DO 'BEGIN PERFORM own2.ready(); END'; UPDATE c6 SET name = 'SECRET-5'; ROLLBACK)),
	qr/\AERROR:  42501: function own2\.c6\(crm\.c6\) cannot be called here/, 'a cast that was made ready before is refused as well');

# 2. What the text names, what an admin owns and what only owner's tables call goes on as it did
make("CREATE TABLE d1 ($columns); " . sprintf($rows, 'd1') . q(; CREATE TYPE pair AS (a text, b text);
	CREATE FUNCTION norm(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN lower($1);
	CREATE FUNCTION alike(text, text) RETURNS bool IMMUTABLE LANGUAGE sql RETURN lower($1) = lower($2);
	CREATE OPERATOR =~= (FUNCTION = alike, LEFTARG = text, RIGHTARG = text)));
is(run_as('admin', 'CREATE FUNCTION adm.of_pair(crm.pair) RETURNS text IMMUTABLE LANGUAGE sql RETURN ($1).a; SET ROLE owner; CREATE CAST (crm.pair AS text) WITH FUNCTION adm.of_pair(crm.pair)'),
	'', 'an admin has made the function of a cast');
trusted_trigger('d1', q(norm(NEW.phone) || (NEW.phone::text =~= 'x')::text || ROW(NEW.phone, 'b')::pair::text));
is(protect('crm.d1') . run_as('owner', "UPDATE d1 SET name = 'x'"), "\n", '... and a trusted trigger calls it, a function and an operator by their names');
make("CREATE TABLE free ($columns); " . sprintf($rows, 'free') . '; CREATE FUNCTION own2.free(free) RETURNS text IMMUTABLE LANGUAGE sql RETURN ($1).name;
	CREATE CAST (free AS text) WITH FUNCTION own2.free(free)');
is(run_as('owner', 'SELECT free::text FROM free; SELECT c1::text FROM c1'), "n42\n2\n", 'casts that nothing trusted leads to are free');

# 3. Casts of what a trusted function has, after it is trusted: an admin's matter
make("CREATE TABLE above ($columns); CREATE TABLE guarded () INHERITS (above); CREATE TYPE taken AS (a text); CREATE TYPE given AS (a text)");
is(run_as('admin', q(CREATE FUNCTION adm.takes(taken) RETURNS given LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS
		$$BEGIN RETURN NULL; END$$; SELECT contact_guard.trust_function('adm.takes(taken)', 'read'))), "\n", 'a trusted function with types');
is(protect('crm.guarded'), "\n", 'a table with one above is protected');
make('CREATE TABLE below () INHERITS (guarded)');
foreach my $type (qw(d1 d1[] above above[] guarded below taken taken[] given))
{
	my $name = 'own2.of_' . $type =~ tr/a-z0-9//cdr . length $type;
	like(run_as('owner', "CREATE FUNCTION $name($type) RETURNS text IMMUTABLE LANGUAGE sql RETURN 'x'; CREATE CAST ($type AS text) WITH FUNCTION $name($type)"),
		qr/ERROR:  42501: must be a member of role "contact_guard_admin" to create a cast from type \S*\Q$type\E to type text/, "a cast from $type");
}

# ... and not of what only unguarded relations use, in whatever part of them
make(q(CREATE TYPE tone AS ENUM ('a', 'b'); CREATE TABLE own2.toned (s tone DEFAULT 'a' CHECK (s <> 'b'), n int);
	CREATE INDEX ON own2.toned ((CASE WHEN s = 'a' THEN 1 END)) WHERE s > 'a'; CREATE VIEW own2.tones AS SELECT s, 'a'::tone AS t FROM own2.toned;
	CREATE DOMAIN own2.dull AS tone CHECK (VALUE <> 'b'::tone); CREATE POLICY p ON own2.toned USING (s = 'a');
	CREATE FUNCTION own2.pass() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
	CREATE TRIGGER t BEFORE UPDATE ON own2.toned FOR EACH ROW WHEN (OLD.s IS DISTINCT FROM NEW.s) EXECUTE FUNCTION own2.pass();
	CREATE STATISTICS own2.st ON (CASE WHEN s = 'a'::tone THEN 1 END), n FROM own2.toned;
	CREATE FUNCTION own2.of_tone(tone) RETURNS bigint IMMUTABLE LANGUAGE sql RETURN 1; CREATE CAST (tone AS bigint) WITH FUNCTION own2.of_tone(tone)));
make(q(CREATE TYPE hue AS ENUM ('a', 'b'); CREATE FUNCTION own2.of_hue(hue) RETURNS bigint IMMUTABLE LANGUAGE sql RETURN 1));
foreach my $part (q(CREATE TABLE own2.h1 (s text DEFAULT 'a'::hue::text)), q(ALTER TABLE guarded ADD CHECK (name <> 'a'::hue::text)), 'ALTER TABLE above ADD s hue')
{
	my $out = run_as($part =~ /CHECK/ ? 'admin' : 'owner', "BEGIN; $part; SET LOCAL ROLE owner; CREATE CAST (hue AS bigint) WITH FUNCTION own2.of_hue(hue)");
	$part =~ /own2/ ? is($out, '', "free: $part") : like($out, qr/ERROR:  42501: must be a member/, "not free: $part");
}
$node->stop;

done_testing();
