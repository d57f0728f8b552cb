# pg_dump and restore: whoever dumps gets values or an error, never masks; what
# is restored elsewhere is guarded there.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('dump');
make_roles($node);
make_crm($node, 'crm', 500);
$node->safe_psql('crm', q(
	CREATE ROLE backup LOGIN;
	CREATE ROLE partly LOGIN;
	GRANT pg_read_all_data TO backup, partly, eve;
	SELECT contact_guard.allow('backup', purpose => 'nightly dump', level => 'bulk')));
my $dir = PostgreSQL::Test::Utils::tempdir;

sub dump_as
{
	my ($user, $file, @options) = @_;
	local $ENV{PGAPPNAME} = 'dump';
	my ($out, $err);
	my $ok = IPC::Run::run([ 'pg_dump', '-h', $node->host, '-p', $node->port, '-U', $user, '-f', "$dir/$file",
			@options, 'crm' ], '>', \$out, '2>', \$err);
	return ($ok, $err, -e "$dir/$file" ? slurp_file("$dir/$file") : '');
}

my $size = sub { $node->safe_psql('crm', 'SELECT contact_guard.sync()'); $node->safe_psql('crm', 'SELECT log_size FROM contact_guard.status()') };

# A superuser
my $before = $size->();
my $before_all = $before;
my ($ok, $err, $dump) = dump_as('postgres', 'all.sql');
ok($ok, 'pg_dump as a superuser') or diag($err);
is(scalar(grep { !index($dump, "\n") || index($dump, phone_of($_)) < 0 } 1 .. 500), 0, 'has every value');
unlike($dump, qr/06\*/, 'and no mask');
is(log_rows($node, 'crm', "event = 'bulk' AND actor = 'postgres' AND relation = 'crm.customer' AND count = 500 AND seq >= $before"),
	1, 'one bulk record counts its rows');
is(log_rows($node, 'crm', "event IN ('shown', 'bulk') AND seq >= $before"), 1, 'and is the only one');
is(log_rows($node, 'crm', "event = 'audit_read' AND relation = 'contact_guard.log' AND application = 'dump' AND count >= $before"),
	1, 'the dump of the log is a record, too');
like($dump, qr/SECURITY LABEL FOR contact_guard ON COLUMN crm\.customer\.phone/, 'labels are in the dump');
unlike($dump, qr/mac_key|COPY contact_guard\.(journal_state|journal_session|log)\b/, 'the key is not');

# A role with a permission for it
$before = $size->();
($ok, $err, $dump) = dump_as('backup', 'backup.sql');
ok($ok, 'pg_dump by a role with level bulk') or diag($err);
is(scalar(grep { index($dump, phone_of($_)) < 0 } 1 .. 500), 0, 'has every value');
is(log_rows($node, 'crm', "event = 'bulk' AND actor = 'backup' AND purpose = 'nightly dump' AND count = 500 AND seq >= $before"),
	1, 'with one bulk record and its purpose');

# INSERTs are fetched through a cursor
$before = $size->();
($ok, $err, $dump) = dump_as('postgres', 'inserts.sql', '--inserts', '-t', 'crm.customer');
ok($ok, 'pg_dump --inserts as a superuser') or diag($err);
is(scalar(grep { index($dump, phone_of($_)) < 0 } 1 .. 500), 0, 'has every value');
cmp_ok(log_rows($node, 'crm', "actor = 'postgres' AND event IN ('shown', 'bulk') AND seq >= $before"), '>', 0, 'and is on record');

# Those without one
foreach my $user (qw(eve anna))
{
	$node->safe_psql('crm', 'GRANT pg_read_all_data TO anna') if $user eq 'anna';
	foreach my $option ('--column-inserts', '--data-only')
	{
		($ok, $err, $dump) = dump_as($user, "$user.sql", $option, '-t', 'crm.customer');
		ok(!$ok, "pg_dump $option by $user fails");
		like($err, qr/row_security is off/, '... says why');
		unlike($dump, qr/06\*/, '... and writes no mask');
	}
}

# Restored into a new database
$node->safe_psql('postgres', 'CREATE DATABASE restored');
my ($out, $restore_err);
IPC::Run::run([ 'psql', '-Xq', '-v', 'ON_ERROR_STOP=1', '-h', $node->host, '-p', $node->port, '-U', 'postgres', '-d', 'restored',
		'-f', "$dir/all.sql" ], '>', \$out, '2>', \$restore_err);
unlike($restore_err, qr/ERROR/, 'the dump can be restored') or diag($restore_err);
is((as($node, 'restored', 'anna', 'SELECT phone FROM crm.customer WHERE id = 3'))[0], phone_of(3), 'in the copy, anna sees the value in a window');
is((as($node, 'restored', 'anna', 'SELECT phone FROM crm.customer WHERE id = 300'))[0], mask_of(300), '... and the mask elsewhere');
is((as($node, 'restored', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 300'))[0], phone_of(300), 'the dispatcher has his permission');
is(log_rows($node, 'restored', "event = 'shown' AND actor IN ('anna', 'dispatcher')"), 2, 'and the new log has their reads');
is($node->safe_psql('restored', 'SELECT count(*) FROM contact_guard.permission'), 2, 'both permissions are there');
my $masks = sub { $node->safe_psql($_[0], q(SELECT string_agg(objname || ' ' || label, '; ' ORDER BY objname, label)
	FROM pg_seclabels WHERE provider = 'contact_guard' AND objname !~ '^contact_guard')) };
is($masks->('restored'), $masks->('crm'), 'all labels are those of the original');
is($node->safe_psql('restored', "SELECT array_to_string(problems, '; ') FROM contact_guard.status()"), '', 'status() sees no problem');
ok(log_is_whole($node, $_), "the log of $_ is whole") foreach qw(crm restored);

# The old log stands beside the new one.
my $rows = 'SELECT count(*), count(DISTINCT seq), min(seq), max(seq), count(q.query), count(DISTINCT origin) FROM contact_guard.whole_log LEFT JOIN contact_guard.query_text q USING (query_id)';
is($node->safe_psql('restored', "$rows WHERE origin <> contact_guard.journal_origin()"),
	$node->safe_psql('crm', "$rows WHERE seq < $before_all"), 'the log has come with the dump');
is(log_rows($node, 'restored', "event = 'epoch' AND reason ~ 'restored' AND count = $before_all"), 1, 'which is a record');
is((as($node, 'restored', 'eve', 'UPDATE contact_guard.restored_log SET actor = NULL'))[0], '', 'nobody changes it');

# The custom format, and a second generation
($ok, $err) = (IPC::Run::run([ 'pg_dump', '-Fc', '-h', $node->host, '-p', $node->port, '-U', 'postgres', '-f', "$dir/all.dump", 'restored' ]), '');
ok($ok, 'pg_dump -Fc of what was restored');
$node->safe_psql('postgres', 'CREATE DATABASE again');
ok(IPC::Run::run([ 'pg_restore', '-e', '-h', $node->host, '-p', $node->port, '-U', 'postgres', '-d', 'again', "$dir/all.dump" ]),
	'pg_restore');
is($node->safe_psql('again', 'SELECT count(DISTINCT origin), count(*) > 2 * ' . $before_all . ' FROM contact_guard.restored_log'),
	'2|t', 'has the logs of both');
foreach my $sql ('UPDATE contact_guard.restored_log SET actor = NULL', 'DELETE FROM contact_guard.restored_log',
	'SET row_security = off; INSERT INTO contact_guard.restored_log SELECT * FROM contact_guard.restored_log')
{
	is(state_of((as($node, 'restored', 'postgres', $sql))[1]), '42501', "refused to a superuser: $sql");
}
$node->stop;
done_testing();
