# What somebody meets who has read the README alone: the whole way from trust to
# DROP EXTENSION and back, and messages that say what to do next.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('user', 'autovacuum = off');
$node->safe_psql('postgres', q(CREATE DATABASE crm; CREATE ROLE owner LOGIN; CREATE ROLE anna LOGIN; CREATE ROLE writer LOGIN;));
$node->safe_psql('crm', q(
	CREATE EXTENSION contact_guard;
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin, owner;
	CREATE ROLE auditor LOGIN IN ROLE contact_guard_auditor;
	CREATE SCHEMA crm AUTHORIZATION owner;
	GRANT USAGE ON SCHEMA crm TO PUBLIC;));

sub problems { return $node->safe_psql('crm', "SELECT array_to_string(problems, E'\\n') FROM contact_guard.status()") }

# Output of a user's statements and their errors, in one
sub said
{
	my ($user, $sql) = @_;
	my ($out, $err) = as($node, 'crm', $user, $sql);
	return "$out$err";
}

is(problems(), '', 'a fresh database has no problem');
is(said('owner', q(CREATE TABLE crm.customer (id int PRIMARY KEY, name text, phone text, updated_at timestamptz);
	CREATE FUNCTION crm.touch() RETURNS trigger SET search_path = crm, pg_temp LANGUAGE plpgsql AS $$BEGIN NEW.updated_at := now(); RETURN NEW; END$$;
	CREATE FUNCTION crm.atomic(p text) RETURNS bool IMMUTABLE SET search_path = crm, pg_temp LANGUAGE sql
		BEGIN ATOMIC SELECT length(p) > (SELECT count(*) FROM crm.customer WHERE false); END;
	CREATE FUNCTION crm.once(p text) RETURNS bool IMMUTABLE SET search_path = crm, pg_temp LANGUAGE sql AS 'SELECT $1 <> $$$$';
	CREATE TRIGGER touch BEFORE UPDATE ON crm.customer FOR EACH ROW EXECUTE FUNCTION crm.touch();
	INSERT INTO crm.customer VALUES (1, 'a', 'SECRET-1'), (2, 'b', 'SECRET-2');
	GRANT SELECT, INSERT, UPDATE, DELETE ON crm.customer TO anna, writer)), '', 'the owner makes a table');

# 1. Trust
is(said('admin', qq(SELECT contact_guard.trust_function('crm.$_', 'looked at'))), '', "$_ is trusted") foreach 'touch()', 'atomic(text)', 'once(text)';
my $protect = q(SELECT contact_guard.protect('crm.customer', 'id', '{phone}', 'partial(2,0)'));
unlike(said('admin', $protect), qr/trigger|ERROR/, 'a trigger whose function is trusted is no reason to warn');
like(problems(), qr/\Ano window can open: .*open_intervention\(\)\z/, 'no window can open: status() says so');
$node->safe_psql('crm', q(SELECT contact_guard.open_intervention(1, 'anna', now() - interval '1 h', now() + interval '1 day')));
is(problems(), '', '... no more when one has been opened by call');
is(said('auditor', 'SELECT * FROM contact_guard.trusted_functions ORDER BY function::text'), "crm.atomic(text)|looked at\ncrm.once(text)|looked at\ncrm.touch()|looked at", 'an auditor sees whom an admin trusts');
is(said('anna', q(UPDATE crm.customer SET name = 'x' WHERE id = 1)), '', 'a trusted trigger runs');
is(said('admin', q(CREATE OR REPLACE FUNCTION crm.touch() RETURNS trigger SET search_path = crm, pg_temp LANGUAGE plpgsql AS $$BEGIN NEW.updated_at := clock_timestamp(); RETURN NEW; END$$;
	ALTER FUNCTION crm.touch() RENAME TO touched; ALTER FUNCTION crm.touched() RENAME TO touch)), '', 'an admin replaces it');
is(problems(), '', '... and the trust goes on');
is(said('anna', q(UPDATE crm.customer SET name = 'y' WHERE id = 1)), '', '... as does the trigger');

# ... dumped and restored
my $dump = $node->basedir . '/dump.sql';
$node->command_ok([ 'pg_dump', '-d', $node->connstr('crm'), '-f', $dump ], 'a dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
$node->command_ok([ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('restored'), '-f', $dump ], '... is restored');
is($node->safe_psql('restored', 'SELECT problems FROM contact_guard.status()'), '{}', '... with trust that is not void');
is($node->safe_psql('restored', 'SELECT count(*) FROM contact_guard.trusted_functions'), '3', '... in all functions');

# ... while the library is not loaded
sub without_library
{
	my ($sql) = @_;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->restart;
	$node->safe_psql('crm', $sql, extra_params => [ '-U', 'owner' ]);
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->restart;
	$node->safe_psql('crm', q(SELECT contact_guard.sync(); SELECT contact_guard.acknowledge_gaps('the server ran without the library')));
	return;
}
without_library(q(CREATE OR REPLACE FUNCTION crm.touch() RETURNS trigger SET search_path = crm, pg_temp LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'now %', OLD.phone; RETURN NEW; END$$;
	CREATE OR REPLACE FUNCTION crm.atomic(p text) RETURNS bool IMMUTABLE SET search_path = crm, pg_temp LANGUAGE sql BEGIN ATOMIC SELECT length(p) > (SELECT max(id) FROM crm.customer); END;
	ALTER FUNCTION crm.once(text) SECURITY DEFINER));
my $out = said('anna', q(UPDATE crm.customer SET name = 'z' WHERE id = 2));
unlike($out, qr/SECRET/, 'what was replaced without the library is told nothing');
like($out, qr/ERROR:  42501: .*crm\.touch\(\)/, '... but refused');
like(problems(), qr/function crm\.$_: its definition is not the one that was trusted, and the trust is void: SELECT contact_guard\.trust_function/, "... and status() names $_") foreach 'touch\(\)', 'atomic\(text\)', 'once\(text\)';
said('admin', q(ALTER FUNCTION crm.touch() COST 7));
like(problems(), qr/function crm\.touch\(\): its definition is not/, 'an admin who changes something else of it does not trust it anew');
is(said('admin', qq(SELECT contact_guard.trust_function('crm.$_', 'looked again'))), '', "$_ is trusted again") foreach 'touch()', 'atomic(text)', 'once(text)';
is(problems(), '', '... and all is well');
like(said('admin', q(SECURITY LABEL FOR contact_guard ON FUNCTION crm.touch() IS '{"trusted": "why"}')), qr/ERROR:  22023: .*\nHINT:  Use contact_guard\.trust_function/s, 'a label by hand needs the hash');
like(said('admin', q(SECURITY LABEL FOR contact_guard ON FUNCTION crm.touch() IS '{"trusted": "why", "definition": "0"}')), qr/WARNING:  01000: the trust in function crm\.touch\(\) is void/, '... and is void with another');

# ... and gone with the rest
$node->safe_psql('crm', q(SELECT contact_guard.unprotect('crm.customer')));
like(said('postgres', 'DROP EXTENSION contact_guard'), qr/ERROR:  2BP01: cannot drop extension "contact_guard": function crm\.\S+ is trusted\n.*HINT:.*retire/s, 'DROP EXTENSION is refused while a function is trusted');
$node->safe_psql('crm', 'SELECT contact_guard.retire()');
is($node->safe_psql('crm', q(SELECT count(*) FROM pg_seclabel WHERE provider = 'contact_guard' AND classoid = 'pg_proc'::regclass)), '0', 'retire() takes all trust back');
is(log_rows($node, 'crm', q(event = 'policy' AND reason LIKE 'distrust function crm.%')), '3', '... on record');
my $quiet = -s $node->logfile;
is(said('postgres', 'DROP EXTENSION contact_guard; SET client_min_messages = warning; CREATE EXTENSION contact_guard'), '', 'DROP and CREATE EXTENSION');
$node->safe_psql('crm', 'SELECT contact_guard.sync(); DROP EXTENSION contact_guard; CREATE EXTENSION contact_guard');
unlike(slurp_file($node->logfile, $quiet), qr/terminating background worker/, '... without a word in the server log');

# 2. Rows that are hidden
is(said('admin', q(SET client_min_messages = error; SELECT contact_guard.trust_function('crm.touch()', 'again'), contact_guard.protect('crm.customer', 'id', '{phone}', mode => 'hide'))), '|', 'mode hide');
is(said('writer', q(INSERT INTO crm.customer VALUES (3, 'c', 'SECRET-3') RETURNING id, name, phone)), '3|c|SECRET-3', 'RETURNING shows what he has written himself');
is(said('writer', q(INSERT INTO crm.customer VALUES (4, 'd', 'SECRET-4'), (5, 'e', 'SECRET-5') ON CONFLICT DO NOTHING RETURNING id)), "4\n5", '... with ON CONFLICT');
is(said('writer', q(WITH new AS (INSERT INTO crm.customer VALUES (6, 'f', 'SECRET-6') RETURNING id) SELECT * FROM new)), '6', '... in a WITH');
is(said('writer', 'SELECT * FROM crm.customer'), '', '... which he does not see afterwards');
like(said('writer', q(INSERT INTO crm.customer VALUES (3, 'c', 'x') ON CONFLICT (id) DO UPDATE SET name = 'got' RETURNING *)), qr/\A[^|]*ERROR:  42501/, '... nor rows that are there');
is(said('writer', q(INSERT INTO crm.customer VALUES (3, 'c', 'x') ON CONFLICT DO NOTHING RETURNING *)), '', '... or what is in the way');
is(said('writer', q(UPDATE crm.customer SET name = 'got' RETURNING *)), '', '... or what he updates');
$out = said('owner', 'SET row_security = off; COPY crm.customer TO STDOUT');
like($out, qr/ERROR:  42501: rows of relation "customer" would be hidden from role "owner".*HINT:  .*BYPASSRLS.*allow\(/s, 'a dump by the owner is refused with a hint that helps');
unlike($out, qr/NO FORCE|SECRET/, '... and none that does not');
$node->safe_psql('crm', q(CREATE ROLE backup LOGIN BYPASSRLS IN ROLE pg_read_all_data; SELECT contact_guard.allow('backup', 'dump', level => 'bulk')));
$node->command_like([ 'pg_dump', '-U', 'backup', '-d', $node->connstr('crm'), '-t', 'crm.customer' ], qr/SECRET-2/, 'a role with all that is needed dumps');

# 3. Row security of a guarded table
foreach my $sql ('ENABLE ROW LEVEL SECURITY', 'FORCE ROW LEVEL SECURITY', 'DISABLE ROW LEVEL SECURITY', 'NO FORCE ROW LEVEL SECURITY')
{
	like(said('owner', "ALTER TABLE crm.customer $sql"), qr/ERROR:  42501: must be a member of role "contact_guard_admin"/, "$sql is an admin's");
}

# 4. Partitions share a line
is(said('owner', q(CREATE TABLE crm.parts (id int, phone text) PARTITION BY RANGE (id);
	CREATE TABLE crm.part1 PARTITION OF crm.parts FOR VALUES FROM (0) TO (10); CREATE TABLE crm.part2 PARTITION OF crm.parts FOR VALUES FROM (10) TO (20);
	CREATE FUNCTION crm.informs() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
	CREATE TRIGGER informs BEFORE UPDATE ON crm.parts FOR EACH ROW EXECUTE FUNCTION crm.informs())), '', 'a table has partitions');
$out = said('admin', q(SELECT contact_guard.protect('crm.parts', 'id', '{phone}', unpinned => 'accept')));
like($out, qr/WARNING:  01000: trigger "informs".*HINT:  Pin .*trust_function.*audit/s, 'a trigger that is not trusted: what to do');
unlike(said('admin', q(SELECT contact_guard.protect('crm.parts', 'id', '{phone}', 'constant(x)', unpinned => 'accept'))), qr/trigger/, '... said once');
like(said('admin', q(SELECT contact_guard.protect('crm.parts', 'phone', '{id}'))), qr/HINT:  .*unprotect\(\)/, 'another key: what to do');
$out = problems();
is(scalar(() = $out =~ /informs/g) > 0 && scalar(split /\n/, $out), '2', 'status() has one line for all partitions');
like($out, qr/relation parts and 2 children: .*crm\.informs\(\)/, '... which counts them');

# 5. What else has a hint
like(said('postgres', 'DROP SCHEMA contact_guard CASCADE'), qr/ERROR:  42501: extension "contact_guard" cannot be dropped with its schema\n.*HINT:.*retire\(\), then use DROP EXTENSION/s, 'DROP SCHEMA: what to do');
like(said('postgres', 'DROP TABLE contact_guard.held'), qr/ERROR:/, '... and a table of it stays as before');
said('owner', 'CREATE TABLE crm.visit (id int, customer_id int, technician name, a timestamptz, b timestamptz)');
like(said('admin', "SELECT contact_guard.use_interventions('crm.visit', 'customer_id', 'technician', 'a', 'b', open_when => 'a < $_')"),
	qr/ERROR:  22023: .*\nHINT:  contact_guard itself compares the time/s, "a condition with $_: what to do") foreach 'now()', 'clock_timestamp()';
is(said('owner', q(CREATE TABLE crm.shut (id int, phone text))) . said('admin', q(SELECT contact_guard.protect('crm.shut', 'id', '{phone}', 'partial(1,1)', fallback => 'rls'))), '', 'a fallback');
like(said('owner', 'SET row_security = off; COPY crm.shut TO STDOUT'), qr/ERROR:  42501: rows of relation "shut" would be hidden.*HINT:  .*BYPASSRLS/s, '... has the hint of mode hide');
$node->stop;
done_testing();
