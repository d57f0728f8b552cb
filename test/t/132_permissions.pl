# Standing permissions go with the roles and relations that they name; who becomes a
# member of a role that has one is on record; group roles are not somebody's own.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('permissions');
make_roles($node);

# 1. Group roles that were there before
$node->safe_psql('postgres', 'CREATE ROLE mallory LOGIN CREATEROLE CREATEDB; CREATE DATABASE first; CREATE DATABASE hers OWNER mallory');
# Since PostgreSQL 16 who makes a role holds its ADMIN option, and needs it to change the role.
my $holds = $node->pg_version->major >= 16;
my %forged = (
	'with a member' => 'CREATE ROLE contact_guard_admin; GRANT contact_guard_admin TO mallory',
	'with an ADMIN holder' => 'CREATE ROLE contact_guard_admin' . ($holds ? '' : '; GRANT contact_guard_admin TO mallory WITH ADMIN OPTION'),
	'that can log in' => 'CREATE ROLE contact_guard_auditor LOGIN',
	'that is a member of another' => 'CREATE ROLE contact_guard_admin; CREATE ROLE contact_guard_proxy IN ROLE contact_guard_admin',
	'with a comment like ours, and privileges in another database' => "CREATE ROLE contact_guard_admin; GRANT contact_guard_admin TO mallory;
		COMMENT ON ROLE contact_guard_admin IS 'group role'; \\c hers
		CREATE SCHEMA contact_guard; CREATE TABLE contact_guard.log (); GRANT SELECT ON contact_guard.log TO contact_guard_admin",
);
foreach my $what (sort keys %forged)
{
	is((as($node, 'postgres', 'mallory', $forged{$what}))[1], '', "a group role $what");
	is(state_of((as($node, 'postgres', 'mallory', "SECURITY LABEL FOR contact_guard ON ROLE contact_guard_admin IS 'group role'"))[1]) =~ s/42704//r,
		$what =~ /log in/ ? '' : '42501', '... which she cannot mark as ours');
	like((as($node, 'first', 'postgres', 'CREATE EXTENSION contact_guard'))[1], qr/has members, memberships or attributes.*SECURITY LABEL/s, '... is refused');
	$node->safe_psql('hers', 'DROP SCHEMA IF EXISTS contact_guard CASCADE');
	$node->safe_psql('postgres', 'DROP ROLE IF EXISTS contact_guard_proxy, contact_guard_admin, contact_guard_auditor');
}
is((as($node, 'first', 'postgres', "CREATE ROLE contact_guard_admin; GRANT contact_guard_admin TO eve;
		SECURITY LABEL FOR contact_guard ON ROLE contact_guard_admin IS 'group role'; SET client_min_messages = warning; CREATE EXTENSION contact_guard"))[1], '',
	'a superuser may say that the members are to be admins');
make_crm($node, 'crm', 60);
pass('and a second database of the cluster has the extension');
# Not by the name
$node->safe_psql('postgres', 'ALTER ROLE contact_guard_admin RENAME TO aside; CREATE ROLE contact_guard_admin; GRANT contact_guard_admin TO anna;
	CREATE SCHEMA hers AUTHORIZATION anna');
$node->safe_psql('crm', 'CREATE SCHEMA hers AUTHORIZATION anna');
is(state_of((as($node, 'crm', 'anna', "CREATE TABLE hers.t (id bigint); SECURITY LABEL FOR contact_guard ON COLUMN hers.t.id IS '{\"protect\": \"customer\"}'"))[1]), '42501',
	'a role of that name is not the group role');
$node->safe_psql('postgres', 'DROP ROLE contact_guard_admin; ALTER ROLE aside RENAME TO contact_guard_admin');
is(state_of((as($node, 'hers', 'mallory', 'ALTER ROLE contact_guard_proxy RENAME TO x'))[1]), '42501', '... and whoever may create roles cannot rename ours');
is((as($node, 'hers', 'mallory', ($holds ? '' : 'ALTER ROLE contact_guard_proxy CONNECTION LIMIT 5; ') . 'CREATE ROLE mine; ALTER ROLE mine RENAME TO his; DROP ROLE his'))[1], '', '... but others');

# 2. DROP ROLE, DROP OWNED, REVOKE, DROP TABLE, renames
sub policies { my ($since) = @_; $node->safe_psql('crm', 'SELECT contact_guard.sync()');
	return $node->safe_psql('crm', "SELECT string_agg(reason, '; ' ORDER BY seq) FROM contact_guard.log WHERE event = 'policy' AND seq >= $since") }
sub log_size { return $node->safe_psql('crm', 'SELECT contact_guard.sync(); SELECT count(*) FROM contact_guard.log') =~ s/^\n//r }
sub permissions { return $node->safe_psql('crm', "SELECT string_agg(role || coalesce(' ' || relation, ''), ', ' ORDER BY role::text) FROM contact_guard.permission") }
my $read = 'SELECT phone FROM crm.customer WHERE id = 50';
$node->safe_psql('postgres', "CREATE ROLE $_ LOGIN") foreach qw(boss chief clerk);
$node->safe_psql('crm', "GRANT USAGE ON SCHEMA crm TO PUBLIC; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO boss, chief, clerk;
	CREATE TABLE crm.extra (id bigint PRIMARY KEY, code text); INSERT INTO crm.extra VALUES (50, 'SECRET'); GRANT SELECT ON crm.extra TO PUBLIC;
	SELECT contact_guard.protect('crm.extra', customer => 'id', columns => '{code}');
	SELECT contact_guard.allow('boss', purpose => 'management');
	SELECT contact_guard.allow('chief', purpose => 'management', relation => 'crm.extra');
	SELECT contact_guard.allow('clerk', purpose => 'letters', relation => 'crm.customer');
	SELECT contact_guard.allow('clerk', purpose => 'letters', relation => 'crm.extra');");
my $since = log_size();
is(as($node, 'crm', 'boss', $read), phone_of(50), 'a boss with a permission');
is(log_rows($node, 'crm', "seq >= $since AND event = 'shown' AND actor = 'boss' AND purpose = 'management' AND reason = 'by role boss'"), 1, '... and his record says by which role');
is(state_of((as($node, 'crm', 'postgres', 'DROP ROLE boss'))[1]), '2BP01', 'he cannot be dropped');
is(state_of((as($node, 'postgres', 'postgres', 'DROP ROLE boss'))[1]), '2BP01', '... nor from another database');
$node->safe_psql('postgres', 'ALTER ROLE boss RENAME TO director');
is(as($node, 'crm', 'director', $read), phone_of(50), 'renamed he has his permission');
$since = log_size();
my $reader = session($node, 'crm', 'director');
is($reader->query($read), phone_of(50), 'he reads');
is((as($node, 'crm', 'postgres', 'BEGIN; DROP OWNED BY director; ROLLBACK'))[1], '', 'what is rolled back is not done');
is(permissions(), 'chief crm.extra, clerk crm.customer, clerk crm.extra, director, dispatcher', '... all permissions are there');
$node->safe_psql('crm', 'DROP OWNED BY director');
is($reader->query($read), '', 'after DROP OWNED the session may not even select');
$reader->quit;
$node->safe_psql('crm', 'GRANT SELECT ON ALL TABLES IN SCHEMA crm TO director');
is(as($node, 'crm', 'director', $read), mask_of(50), '... and sees masks with the privilege to');
is(permissions(), 'chief crm.extra, clerk crm.customer, clerk crm.extra, dispatcher', 'his row is gone');
like(policies($since), qr/^disallow director on all relations: its privilege was taken away$/, '... with a record');
is((as($node, 'crm', 'postgres', 'DROP OWNED BY director; DROP ROLE director'))[1], '', 'he can be dropped');
$since = log_size();
$node->safe_psql('crm', "SELECT contact_guard.disallow('clerk', 'crm.customer')");
is(as($node, 'crm', 'clerk', 'SELECT code FROM crm.extra'), 'SECRET', 'a role with one of two permissions left');
is(as($node, 'crm', 'clerk', $read), mask_of(50), '... has not the other');
$node->safe_psql('crm', 'DROP TABLE crm.extra');
is(permissions(), 'dispatcher', 'DROP TABLE takes the permissions on it along');
like(policies($since), qr/disallow clerk on crm\.customer; .*disallow (chief|clerk) on crm\.extra, which is dropped; .*disallow (chief|clerk) on crm\.extra, which is dropped/s, '... with records');
$node->safe_psql('crm', "SELECT contact_guard.allow('clerk', purpose => 'letters'); REVOKE ALL ON ALL FUNCTIONS IN SCHEMA contact_guard FROM clerk");
is(permissions(), 'dispatcher', 'a REVOKE of the privilege takes the permission along');
is(as($node, 'crm', 'clerk', $read), mask_of(50), '... and the clerk sees masks');
$node->safe_psql('crm', "GRANT EXECUTE ON FUNCTION contact_guard.standing_permission() TO clerk");
is(as($node, 'crm', 'clerk', $read), mask_of(50), 'the privilege alone is no permission');
$node->safe_psql('crm', "REVOKE EXECUTE ON FUNCTION contact_guard.standing_permission() FROM clerk; SELECT contact_guard.allow('clerk', purpose => 'letters')");
$node->safe_psql('crm', "SELECT contact_guard.disallow('clerk')");
is((as($node, 'crm', 'postgres', 'DROP OWNED BY chief; DROP ROLE chief'))[1], '', 'a role without permissions can be dropped');

# 3. Membership
$node->safe_psql('postgres', "CREATE ROLE $_") foreach qw(team other);
$since = log_size();
$node->safe_psql('crm', 'GRANT dispatcher TO team; GRANT team TO anna WITH ADMIN OPTION; GRANT other TO anna; CREATE ROLE temp IN ROLE team ROLE eve;
	ALTER GROUP dispatcher ADD USER eve; REVOKE ADMIN OPTION FOR team FROM anna; BEGIN; GRANT dispatcher TO clerk; ROLLBACK;
	DO $$BEGIN EXECUTE \'GRANT contact_guard_auditor TO other\'; END$$; REVOKE other FROM anna; DROP ROLE temp; CREATE ROLE boss SUPERUSER; ALTER ROLE boss NOSUPERUSER;
	REVOKE dispatcher FROM eve; ALTER ROLE eve PASSWORD \'x\'');
is(policies($since), join('; ', 'grant role dispatcher to team', 'grant role team to anna with admin option', 'grant role team to temp', 'grant role temp to eve',
		'grant role dispatcher to eve', 'grant role team to anna', 'revoke role team from anna with admin option', 'grant role contact_guard_auditor to other',
		'revoke role other from anna', 'revoke role team from temp', 'revoke role temp from eve', 'role boss is a superuser now', 'role boss is no superuser any more',
		'revoke role dispatcher from eve'), 'who becomes a member of a permitted role is on record, however, and who becomes one of another is not');
is(as($node, 'crm', 'anna', $read), phone_of(50), 'a member is shown what the role is');
is(log_rows($node, 'crm', "seq >= $since AND event = 'shown' AND actor = 'anna' AND reason = 'by role dispatcher'"), 1, '... with the role that permitted in the record');

# 4. A cluster where numbers are other roles'.  One row is an orphan of a time without the library.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
$node->safe_psql('crm', "CREATE ROLE gone; INSERT INTO contact_guard.permission VALUES ('gone', NULL, 'x', 'recorded'), ('dispatcher', 'crm.plain', 'x', 'bulk');
	DROP ROLE gone; DROP TABLE crm.plain");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;
my $number = $node->safe_psql('crm', "SELECT role::oid FROM contact_guard.permission WHERE purpose = 'x' AND relation IS NULL");
is((as($node, 'crm', 'dispatcher', $read))[0], phone_of(50), 'an orphan hinders nobody');
like($node->safe_psql('crm', "SELECT array_to_string(problems, ' ') FROM contact_guard.status()"), qr/1 rows of contact_guard.permission are void/, '... and status() names it');
my $folder = PostgreSQL::Test::Utils::tempdir;
my $run = sub { my ($what, @command) = @_; my $out; ok(IPC::Run::run([ @command ], '>&', \$out), $what) or diag($out); return };
my @to = ('-h', $node->host, '-p', $node->port, '-U', 'postgres');
$run->('pg_dumpall of the roles', 'pg_dumpall', @to, '-g', '-f', "$folder/roles.sql");
$run->('pg_dump', 'pg_dump', @to, '-f', "$folder/crm.sql", 'crm');
like(slurp_file("$folder/roles.sql"), qr/SECURITY LABEL FOR contact_guard ON ROLE contact_guard_admin IS 'group role'/, 'the mark of the group roles is in the dump');
unlike(slurp_file("$folder/crm.sql"), qr/^\d+\t\\N\tx/m, 'no number of a role that is gone is in the dump');
my $other = guard_node('other_cluster');
$other->safe_psql('postgres', "DO \$\$BEGIN FOR i IN 1..60 LOOP EXECUTE 'CREATE ROLE r' || i || ' LOGIN'; END LOOP; END\$\$; CREATE DATABASE crm");
my $psql = sub { my ($db, $file) = @_; my ($out, $err); IPC::Run::run([ 'psql', '-X', '-v', 'ON_ERROR_STOP=0', '-h', $other->host, '-p', $other->port, '-U', 'postgres', '-d', $db, '-f', $file ], '>', \$out, '2>', \$err); return $err };
is($psql->('postgres', "$folder/roles.sql") =~ s/^.*role "postgres" already exists\n//mr, '', 'the roles are restored');
unlike($psql->('crm', "$folder/crm.sql"), qr/ERROR/, '... and the database, though the group roles have members');
is(as($other, 'crm', 'dispatcher', $read), phone_of(50), 'the dispatcher has his permission');
is(as($other, 'crm', 'eve', $read), mask_of(50), 'eve has none');
is($other->safe_psql('crm', 'SELECT string_agg(role::text, \', \') FROM contact_guard.permission'), 'dispatcher', 'nobody else has');
# What a dump of 1.0 may bring: the number alone, which is somebody's here
$other->safe_psql('crm', "SET row_security = off; GRANT USAGE ON SCHEMA crm TO PUBLIC; GRANT SELECT ON crm.customer TO PUBLIC;
	INSERT INTO contact_guard.permission SELECT oid, NULL, 'x', 'recorded' FROM pg_roles WHERE rolname ~ '^r\\d+\$'");
is(as($other, 'crm', 'r7', $read), mask_of(50), 'a row that names a number gives its owner nothing');
$_->stop foreach $node, $other;
done_testing();
