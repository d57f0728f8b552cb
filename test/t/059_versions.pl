# ALTER EXTENSION UPDATE: from each version that there is an install script of to this
# one.  Afterwards the catalog is that of a new installation, whatever was granted and
# by whom (test/upgrade/catalog.sql); and what the real version 1.0 had stored
# (test/upgrade/1.0.sql) is there, verifies, and goes on.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use File::Copy;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $upgrade = "$FindBin::RealBin/../upgrade";
my $scripts = "$FindBin::RealBin/../../extension";
my $dir = PostgreSQL::Test::Utils::tempdir;
copy("$upgrade/1.0.key", "$dir/log") or die;
chmod 0600, "$dir/log" or die;
my ($current) = slurp_file("$scripts/contact_guard.control") =~ /^default_version *= *'(.*)'/m;
my @older = sort grep { $_ ne $current } map { m{--([^/-]*)\.sql$} && $_ !~ /--.*--/ ? $1 : () } glob "$scripts/*.sql";

my $node = guard_node('versions', "contact_guard.signing_key_file = '$dir/log'", 'contact_guard.checkpoint_interval = 1');

sub file
{
	my ($dbname, $user, @names) = @_;
	foreach my $name (@names)
	{
		my $err;
		$node->psql($dbname, "\\i $upgrade/$name", stderr => \$err, extra_params => [ '-U', $user, '-v', 'ON_ERROR_STOP=1' ]);
		die "$name: $err" if $err =~ /ERROR/;
	}
	return;
}

# As a superuser whom the library does not watch.
sub unwatched
{
	my ($do) = @_;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->restart;
	$do->();
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->restart;
	return;
}

# All that the catalogs say of the extension in a database, as lines.
sub catalog
{
	my ($dbname) = @_;
	my ($out, $err);
	$node->psql($dbname, "\\i $upgrade/catalog.sql", stdout => \$out, stderr => \$err);
	die $err if $err ne '';
	return split /\n/, $out;
}

# The same but for what EXCEPT matches?
sub same_catalog
{
	my ($got, $want, $except, $name) = @_;
	my %count;
	$count{$_}++ foreach @$got;
	$count{$_}-- foreach @$want;
	my @different = grep { $count{$_} != 0 && $_ !~ $except } sort keys %count;
	return ok(@$got > 1000 && @different == 0, $name)
	  || diag(map { ($count{$_} > 0 ? 'not in a new installation: ' : 'missing: ') . substr($_, 0, 1000) . "\n" } @different);
}

sub guard
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'contact-guard', @_ ], '>', \$out, '2>', \$err);
	return ($? >> 8, "$out$err");
}

# A message of the journal as version 1.0 wrote it: one record of anna's.
sub message_of_1_0
{
	my ($key, $database, $application, $customer) = @_;
	my $string = sub { defined $_[0] ? pack('N/a*', $_[0]) : "\xff\xff\xff\xff" };
	my $items = 'C' . join('', map { $string->($_) } 'anna', 'anna', undef, $application) . pack('q>q>', 1, 0)
	  . 'R' . pack('Cq>', 1, (time - 946684800) * 1_000_000) . $string->('crm.customer') . pack('n', 1) . $string->('phone')
	  . $string->($customer) . pack('q>', 1) . $string->('1') . pack('q>', -9223372036854775808) . $string->('intervention') . $string->(undef);
	my $header = pack('CCNq>Nq>', 1, 0, 1, 800_000_000_000_000, 4711, 1);
	my $system = $node->safe_psql('postgres', 'SELECT system_identifier FROM pg_control_system()');
	return unpack 'H*', $header . hmac_sha256("contact_guard journal\0" . pack('q>N', $system, $database) . $header . $items, pack('H*', $key)) . $items;
}

# 1. The site before: version 1.0, default privileges that give all away.
file('postgres', 'postgres', 'site.sql');
$node->safe_psql('postgres', 'CREATE DATABASE crm');
file('crm', 'postgres', 'hostile.sql');
my (undef, $err) = as($node, 'crm', 'postgres', "CREATE EXTENSION contact_guard VERSION '1.0'");
like($err, qr/WARNING.*cannot guard anything until it is updated to the library's version.*ALTER EXTENSION contact_guard UPDATE/s, 'version 1.0 can be created, and says that it guards nothing');
unlike($err, qr/ERROR/, '... without an error');
$node->safe_psql('postgres', 'GRANT contact_guard_admin TO officer; GRANT contact_guard_auditor TO auditor; GRANT contact_guard_proxy TO pool');
my $old_key;
unwatched(sub {
	foreach my $name (qw(1.0.sql dirty.sql))
	{
		my ($out, $said);
		$node->psql('crm', "SET allow_system_table_mods = on;\n\\i $upgrade/$name", stdout => \$out, stderr => \$said, extra_params => [ '-v', 'ON_ERROR_STOP=1' ]);
		die "$name: $said" if $said =~ /ERROR/;
	}
	# What an admin has given and taken away himself stays so.
	$node->safe_psql('crm', 'GRANT SELECT ON contact_guard.access_log TO eve; REVOKE EXECUTE ON FUNCTION contact_guard.has_open_window(anyelement) FROM PUBLIC; ANALYZE');
	$old_key = $node->safe_psql('crm', q(SELECT encode(mac_key, 'hex') FROM contact_guard.journal_state));
});
cmp_ok(scalar(grep { /report=/ } catalog('crm')), '>', 100, 'the report role has been given everything');
my $checkpoint = $node->safe_psql('crm', 'SELECT note FROM contact_guard.signed_checkpoint ORDER BY size DESC LIMIT 1');

# 2. The library is new, the extension is old.
my $needed = qr/ERROR:  55000.*HINT:  Run ALTER EXTENSION contact_guard UPDATE in this database/s;
foreach my $user (qw(anna dispatcher eve boss))
{
	foreach my $sql ('SELECT phone FROM crm.customer WHERE id = 1', 'SELECT door_code FROM crm.site', 'SELECT * FROM crm.note', 'COPY crm.customer (id, email) TO STDOUT',
		"UPDATE crm.customer SET phone = '1' WHERE id = 1", "INSERT INTO crm.customer (id, phone) VALUES (900, '2')", 'DECLARE c CURSOR WITH HOLD FOR SELECT phone FROM crm.customer')
	{
		my ($out, $said) = as($node, 'crm', $user, $sql);
		is($out, '', "$user, before the update: $sql: shows nothing");
		like($said, qr/ERROR:.*Run ALTER EXTENSION contact_guard UPDATE/s, '... and says what is to be done');
	}
	is((as($node, 'crm', $user, "INSERT INTO crm.plain VALUES (100, 'x'); UPDATE crm.plain SET word = 'y' WHERE id = 100; DELETE FROM crm.plain WHERE id = 100;
		SELECT count(name) FROM crm.customer"))[0], 60, '... what is not guarded can be read and written');
}
is((as($node, 'crm', 'postgres', 'CREATE TABLE public.t (a int); DROP TABLE public.t; CREATE ROLE r; DROP ROLE r; BEGIN; DROP OWNED BY gone; ROLLBACK; VACUUM; ANALYZE'))[1], '', '... so do commands');
my ($out, $said) = as($node, 'crm', 'postgres', 'SELECT guard, problems FROM contact_guard.status()');
like($out, qr/^refusing.*version 1\.0.*Run ALTER EXTENSION contact_guard UPDATE/s, 'status() says it');
foreach my $sql ('SELECT contact_guard.sync()', "SELECT contact_guard.allow('eve', 'x')", "SELECT contact_guard.protect('crm.plain', 'id', '{word}')", 'SELECT * FROM contact_guard.access_log',
	"SELECT contact_guard.purge(now() - interval '1 year', 'x')", "SELECT contact_guard.erase_customer('1', 'x')", "SELECT contact_guard.begin_journal()")
{
	like((as($node, 'crm', 'postgres', $sql))[1], $needed, "... so does $sql");
}
# What 1.0 has written and nobody has stored yet waits, in WAL.
my $database = $node->safe_psql('postgres', "SELECT oid FROM pg_database WHERE datname = 'crm'");
my $emit = sub { $node->safe_psql('crm', "SELECT pg_logical_emit_message(false, 'contact_guard', decode('$_[0]', 'hex'))") };
$emit->(message_of_1_0($old_key, $database, 'waiting', 5));
my $slot = "SELECT restart_lsn FROM pg_replication_slots WHERE slot_name = 'contact_guard'";
my $kept = $node->safe_psql('crm', $slot);
$node->safe_psql('crm', 'SELECT pg_switch_wal()') foreach 1 .. 3;
$node->restart;
$node->poll_query_until('postgres', "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = 'contact_guard' AND active)");
is($node->safe_psql('crm', $slot), $kept, 'WAL is kept until it can be recorded');
like(slurp_file($node->logfile), qr/ERROR:  extension "contact_guard" has version 1\.0.*\n.*HINT:  Run ALTER EXTENSION/, 'the recorder says so in the server log');

# 3. The update
$node->safe_psql('crm', 'CREATE DOMAIN public.d AS text; SET allow_system_table_mods = on; CREATE FUNCTION public.f() RETURNS int LANGUAGE sql RETURN 1');
# Who may create roles may have made one that 1.0 did not have
foreach my $role (qw(contact_guard_dpo contact_guard_gateway contact_guard_forwarder))
{
	$node->safe_psql('crm', "CREATE ROLE $role ROLE anna");
	(undef, $said) = as($node, 'crm', 'boss', 'ALTER EXTENSION contact_guard UPDATE');
	like($said, qr/role "$role" has memberships/, "an update takes no $role that has members");
	$node->safe_psql('crm', "DROP ROLE $role");
}
(undef, $said) = as($node, 'crm', 'boss', 'ALTER EXTENSION contact_guard UPDATE');
unlike($said, qr/ERROR/, 'ALTER EXTENSION UPDATE');
like($said, qr/members of role "contact_guard_admin" are: officer/, '... names the members of the group roles');
is($node->safe_psql('crm', "SELECT extversion, contact_guard.library_version() FROM pg_extension WHERE extname = 'contact_guard'"), "$current|$current", '... to the version of the library');
is((as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1'))[0], '0600000001', 'policies go on: in a window');
is((as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 50'))[0], '06*******0', '... outside of one');
is((as($node, 'crm', 'anna', 'SELECT count(*) FROM crm.site'))[0], 20, '... in mode hide');
is((as($node, 'crm', 'eve', 'SELECT count(door_code) FROM crm.site'))[0], 60, '... with a permission for a relation');
is((as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 44'))[0], '0600000044', '... with an intervention opened by call');
is((as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 45'))[0], '06*******5', '... not with one that is closed');
is((as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 50'))[0], '0600000050', '... with a permission');
is((as($node, 'crm', 'officer', "SELECT contact_guard.allow('report', purpose => 'x'); SELECT contact_guard.disallow('report')"))[1], '', 'admins are admins');
is((as($node, 'crm', 'pool', "BEGIN; SELECT contact_guard.act_as('anna'); SELECT phone FROM crm.customer WHERE id = 2; COMMIT"))[0] =~ s/\s//r, '0600000002', '... proxies proxies');
cmp_ok((as($node, 'crm', 'auditor', 'SELECT count(*) FROM contact_guard.access_log'))[0], '>', 600, '... and auditors auditors');
is($node->safe_psql('crm', 'SELECT string_agg(role::text, \' \' ORDER BY role::text) FROM contact_guard.permission'), 'backup dispatcher eve', 'permissions of roles that are gone are gone');
is((as($node, 'crm', 'officer', "SELECT contact_guard.open_intervention(46, 'eve', now(), now() + '1 day')"))[0], 3, 'the numbers of interventions go on');

# 4. The log
is(log_rows($node, 'crm', "application = 'waiting' AND customer = '5' AND event = 'shown'"), 1, 'what waited is recorded');
is(log_rows($node, 'crm', "event = 'gap'"), 0, '... without a gap');
is($node->safe_psql('crm', "SELECT string_agg(reason, '; ' ORDER BY seq) FROM contact_guard.log WHERE reason ~ 'updated|update of extension'"),
	"the extension was updated: the journal goes on with a new key; update of extension contact_guard from version 1.0 to $current", 'the update is a record')
  or diag('a later script than 1.1\'s writes one more');
is($node->safe_psql('crm', "SELECT count(*) - max(seq) + min(seq) FROM contact_guard.log WHERE seq >= (SELECT min(seq) FROM contact_guard.log WHERE read_at > '2026-11-01')"), 1, 'the numbers of records go on');
is($node->safe_psql('crm', 'SELECT rejected_messages FROM contact_guard.status()'), 0, 'nothing is rejected');
$emit->(message_of_1_0($old_key, $database, 'forged', 6));
# sync() waits for records, and this is none; but the record of the first look lies behind it.
log_rows($node, 'crm', 'true') foreach 1 .. 2;
is($node->safe_psql('crm', "SELECT rejected_messages, (SELECT count(*) FROM contact_guard.log WHERE application = 'forged') FROM contact_guard.status()"), '1|0', 'the key of 1.0 seals nothing any more');
my ($vkey) = $node->safe_psql('crm', 'SELECT contact_guard.verification_key()');
my $dsn = $node->connstr('crm') . ' user=auditor';
my $signed = sub {
	my $size = $node->safe_psql('crm', 'SELECT contact_guard.sync(); SELECT log_size FROM contact_guard.status()') =~ s/\s//gr;
	return $node->poll_query_until('crm', "SELECT last_checkpoint >= $size FROM contact_guard.status()");
};
ok($signed->(), 'checkpoints are signed');
append_to_file("$dir/old", $checkpoint);
my $code;
($code, $said) = guard('verify', $dsn, '--vkey', $vkey, '--checkpoint', "$dir/old");
is($code, 0, 'the log verifies, against a checkpoint that 1.0 has signed') or diag($said);
like($said, qr/personal values erased/, '... with what 1.0 has erased');
is($node->safe_psql('crm', q(SELECT count(*) FROM contact_guard.log WHERE sha256('\x00'::bytea || contact_guard.leaf(seq))
	IS DISTINCT FROM substr(contact_guard.tile(0, seq / 256), (seq % 256)::int * 32 + 1, 32))), 0, '... and by SQL');
is($node->safe_psql('crm', q(SELECT count(*) FILTER (WHERE l.leaf_version = 1) > 0, count(leaf) FILTER (WHERE l.leaf_version = 1), count(leaf) > 0
	FROM contact_guard.subject_report('51'::text, 'DSAR-1', leaves => true) JOIN contact_guard.log l USING (seq))),
	't|0|t', 'a report has no leaf of version 1, which shows the session');
is($node->safe_psql('crm', 'SELECT count(*) > 10, count(DISTINCT origin) FROM contact_guard.restored_log'), 't|1', 'what a dump had brought is there');
is($node->safe_psql('crm', 'SELECT count(*) FROM contact_guard.held'), 1, '... and who is held');
is((as($node, 'crm', 'officer', "SELECT contact_guard.erase_customer('51', 'x')"))[1], '', 'erase_customer()');
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.whole_log WHERE customer = '51'"), 0, '... erases');
is((as($node, 'crm', 'officer', "SELECT contact_guard.release_hold('2')"))[1], '', 'release_hold()');
is((as($node, 'crm', 'officer', "SELECT contact_guard.purge(now() - interval '181 days', 'x')"))[1], '', 'purge()');
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.log WHERE read_at < now() - interval '215 days'"), 0, '... purges');
ok($signed->(), '... which is signed');
($code, $said) = guard('verify', $dsn, '--vkey', $vkey, '--checkpoint', "$dir/old");
is($code, 0, 'the log verifies again') or diag($said);

# 5. The catalog is that of a new installation, in which the same has been done.
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
file('fresh', 'postgres', 'hostile.sql');
is((as($node, 'fresh', 'boss', 'SET client_min_messages = warning; CREATE EXTENSION contact_guard'))[1], '', 'a new installation by a superuser with default privileges');
file('fresh', 'boss', 'crm.sql');
$node->safe_psql('fresh', 'SELECT contact_guard.sync(); GRANT SELECT ON contact_guard.access_log TO eve; REVOKE EXECUTE ON FUNCTION contact_guard.has_open_window(anyelement) FROM PUBLIC');
$node->safe_psql('fresh', "SELECT contact_guard.allow('$_', purpose => 'x')") foreach qw(backup dispatcher eve);
my @want = catalog('fresh');
same_catalog([ catalog('crm') ], \@want, qr/^$/, 'after the update the catalog is that of a new installation');
my $policies = q(SELECT string_agg(x, chr(10) ORDER BY x) FROM (
	SELECT concat_ws(' ', objtype, objname, label) FROM pg_seclabels WHERE objname LIKE 'crm.%'
	UNION ALL SELECT concat_ws(' ', tablename, policyname, permissive, roles, cmd, qual, with_check) FROM pg_policies WHERE schemaname = 'crm'
	UNION ALL SELECT concat_ws(' ', relname, relrowsecurity, relforcerowsecurity) FROM pg_class WHERE relnamespace = 'crm'::regnamespace AND relkind = 'r') p(x));
like($node->safe_psql('crm', 'SELECT problems FROM contact_guard.status()'), qr/trust_function\('crm\.set_updated_at\(\)'/, 'what protect() would refuse today is a problem in status()');
$node->safe_psql($_, "SELECT contact_guard.trust_function('crm.set_updated_at()', 'x')") foreach qw(fresh crm);
file('fresh', 'boss', 'policy.sql');
is($node->safe_psql('crm', $policies), $node->safe_psql('fresh', $policies), 'policies are what the same calls make today');
is($node->safe_psql('crm', 'SELECT guard, problems FROM contact_guard.status()'), 'on|{}', 'status() sees no other problem');

# 6. Dump and restore
ok(IPC::Run::run([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-U', 'boss', '-f', "$dir/crm.sql", 'crm' ]), 'pg_dump');
$node->safe_psql('postgres', 'CREATE DATABASE restored');
(undef, $said) = as($node, 'restored', 'boss', "\\i $dir/crm.sql");
unlike($said, qr/ERROR/, 'a dump can be restored');
is((as($node, 'restored', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 50'))[0], '0600000050', '... with permissions');
is((as($node, 'restored', 'eve', 'SELECT count(*) > 600 FROM contact_guard.access_log'))[0], 't', '... and what an admin had granted');
like((as($node, 'restored', 'anna', 'SELECT contact_guard.has_open_window(1::bigint)'))[1], qr/permission denied/, '... and revoked');
$node->safe_psql('restored', 'SELECT contact_guard.sync()');
same_catalog([ catalog('restored') ], \@want, qr/^$/, '... and the catalog of a new installation');

# 7. From each older version, with nothing in it
foreach my $version (@older)
{
	my $db = "from_$version" =~ tr/./_/r;
	$node->safe_psql('postgres', "CREATE DATABASE $db");
	file($db, 'postgres', 'hostile.sql');
	unlike((as($node, $db, 'postgres', "CREATE EXTENSION contact_guard VERSION '$version'"))[1], qr/ERROR/, "version $version is created");
	# What these say of the script's commands does not count.
	$node->safe_psql('postgres', "ALTER DATABASE $db SET $_") foreach 'standard_conforming_strings = off', 'transform_null_equals = on', 'array_nulls = off',
		"default_toast_compression = 'lz4'", "DateStyle = 'SQL, DMY'", 'backslash_quote = off', 'check_function_bodies = off', 'quote_all_identifiers = on';
	unlike((as($node, $db, 'boss', 'ALTER EXTENSION contact_guard UPDATE'))[1], qr/ERROR/, '... and updated');
	is(log_rows($node, $db, "event = 'epoch'"), 1, '... its journal begins');
	is($node->safe_psql($db, 'SELECT guard, problems FROM contact_guard.status()'), 'on|{}', '... without a problem');
	$node->safe_psql('postgres', "ALTER DATABASE $db RESET ALL");
	$node->safe_psql($db, 'GRANT SELECT ON contact_guard.access_log TO eve; REVOKE EXECUTE ON FUNCTION contact_guard.has_open_window(anyelement) FROM PUBLIC');
	$node->safe_psql($db, "SELECT contact_guard.allow('$_', purpose => 'x')") foreach qw(backup dispatcher eve);
	# It was created by somebody else.
	same_catalog([ catalog($db) ], \@want, qr/extowner=|^shared: extension contact_guard /, '... with the catalog of a new installation');
}
is($node->safe_psql('postgres', "SELECT count(*) FROM pg_extension_update_paths('contact_guard') WHERE target = '$current' AND path IS NULL"), 0, 'there is a way from each version');

# 8. The key of 1.0 is nowhere; what is in the schema and not the extension's is refused.
unwatched(sub {
	is($node->safe_psql('crm', "SELECT count(*), min(epoch), count(ends_at), bool_or(encode(mac_key, 'hex') = '$old_key') FROM contact_guard.journal_key"), '1|2|0|f', 'the key of 1.0 is gone');
	$node->safe_psql('postgres', 'CREATE DATABASE squat');
});
as($node, 'squat', 'postgres', "CREATE EXTENSION contact_guard VERSION '1.0'");
unwatched(sub { $node->safe_psql('squat', 'CREATE FUNCTION contact_guard.record_policy(varchar) RETURNS void LANGUAGE sql AS $$ALTER ROLE report SUPERUSER$$') });
like((as($node, 'squat', 'postgres', 'ALTER EXTENSION contact_guard UPDATE'))[1], qr/function record_policy\(character varying\) is in schema "contact_guard" and does not belong to the extension/,
	'a function beside ours is refused');
is($node->safe_psql('postgres', "SELECT rolsuper FROM pg_roles WHERE rolname = 'report'"), 'f', '... and not called');
unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP/, 'nothing has crashed');
$node->stop;
done_testing();
