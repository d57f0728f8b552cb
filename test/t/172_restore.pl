# A dump that is restored, under a new name and in place of the database that is gone, where
# checkpoints are signed: in place one step names the last checkpoint as the predecessor, and
# the log is signed again.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
IPC::Run::run([ qw(contact-guard keygen --origin example.org/log --out), "$dir/key" ], '>', \my $vkey) or die;
chomp $vkey;
my $node = guard_node('restore', "contact_guard.signing_key_file = '$dir/key'", 'contact_guard.checkpoint_interval = 1');
make_roles($node);
make_crm($node, 'crm', 100);
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
$ENV{PGUSER} = 'postgres';

sub problems { return $node->safe_psql($_[0], "SELECT array_to_string(problems, '; ') FROM contact_guard.status()") }

sub until_true { my ($test) = @_; foreach (1 .. 600) { return 1 if $test->(); usleep(100_000) } return 0 }

# A read, and then the checkpoint of all records, under this origin
sub signed
{
	my ($dbname, $origin) = @_;
	as($node, $dbname, 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
	$node->safe_psql($dbname, 'SELECT contact_guard.sync()');
	my $size = $node->safe_psql($dbname, 'SELECT log_size FROM contact_guard.status()');
	return until_true(sub { $node->safe_psql($dbname, "SELECT contact_guard.checkpoint() LIKE '$origin' || E'\\n%' AND last_checkpoint >= $size FROM contact_guard.status()") eq 't' });
}

sub last_note { return slurp_file((glob "$dir/contact_guard.example.org+log+$_[0].checkpoint")[0]) }

sub restore
{
	my ($dbname) = @_;
	foreach my $command ([ 'createdb', $dbname ], [ 'pg_restore', '-e', '-d', $dbname, "$dir/dump" ])
	{
		my $ok = IPC::Run::run($command, '>&', \my $out);
		ok($ok, "@$command") or diag($out);
	}
	return;
}

ok(signed('crm', 'example.org/log/crm'), 'a log is signed');
ok(IPC::Run::run([ 'pg_dump', '-Fc', '-f', "$dir/dump", 'crm' ]), 'pg_dump');
ok(signed('crm', 'example.org/log/crm'), '... and goes on');
my $last;

# Under a new name: another log, nothing to do
restore('copy');
ok(signed('copy', 'example.org/log/copy'), 'restored under a new name: it is signed under that name');
is(problems('copy'), '', '... all is well');
my $came = $node->safe_psql('copy', "SELECT reason FROM contact_guard.log WHERE event = 'epoch' AND reason LIKE 'a dump was restored%'");
like($came, qr/; contact_guard\.restored_log has now [1-9]\d* rows, SHA-256 [0-9a-f]{64}$/, '... the record of the coming has the hash of what came');
my $rows = $node->safe_psql('copy', 'SELECT count(*) FROM contact_guard.restored_log');

sub verify
{
	my ($dbname, $status, $like, $what) = @_;
	IPC::Run::run([ 'contact-guard', 'verify', $node->connstr($dbname) . " options='-c timezone=Asia/Tokyo -c datestyle=german'", '--vkey', $vkey ], '>&', \my $out);
	is($? >> 8, $status, "$what: verify") or diag($out);
	return like($out, $like, '... says so');
}
verify('copy', 0, qr/^restored rows are outside of this tree: $rows rows, which are those of record seq \d+$/m, 'restored rows');
verify('crm', 0, qr/^(?!.*restored)/s, 'no restored rows');
is(system('contact-guard', 'verify', $node->connstr('copy'), '--vkey', $vkey, '--views'), 0, '... which views show as they are');

# Somebody changes a restored row while the library is not loaded.
sub unwatched
{
	my ($sql) = @_;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->restart;
	$node->safe_psql('copy', $sql);
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->restart;
	$node->safe_psql($_, "SELECT contact_guard.sync(); SELECT contact_guard.acknowledge_gaps('a test')") foreach qw(crm copy);
	return signed('copy', 'example.org/log/copy');
}
ok(unwatched("CREATE TABLE kept AS TABLE contact_guard.restored_log; UPDATE contact_guard.restored_log SET actor = 'nobody' WHERE event = 'shown'"), 'a restored row is changed');
verify('copy', 1, qr/the restored rows are not those of record seq \d+ \($rows rows, SHA-256 \S+\): $rows rows, SHA-256/, 'a changed row');
ok(unwatched("DELETE FROM contact_guard.restored_log; INSERT INTO contact_guard.restored_log SELECT * FROM kept ORDER BY seq DESC; DELETE FROM contact_guard.restored_log WHERE seq = 0"), 'one is deleted');
verify('copy', 1, qr/the restored rows are not those of/, 'a row less');
ok(unwatched("INSERT INTO contact_guard.restored_log SELECT * FROM kept WHERE seq = 0"), 'it is put back');
verify('copy', 0, qr/^restored rows .* which are those of/m, 'the same rows in another order');
$node->safe_psql('copy', "SELECT contact_guard.erase_customer('1', 'asked for')");
ok(signed('copy', 'example.org/log/copy'), 'a customer is erased');
is(log_rows($node, 'copy', "event = 'epoch' AND reason LIKE 'restored records were purged or erased; contact_guard.restored_log has now % rows, SHA-256 %'"), 1, '... a record says what is left');
ok(signed('copy', 'example.org/log/copy'), '... which is signed');
verify('copy', 0, qr/^restored rows .* which are those of/m, 'erased since');
ok(unwatched("UPDATE contact_guard.restored_log SET actor = 'nobody' WHERE event = 'shown'"), 'one is changed after that');
verify('copy', 1, qr/the restored rows are not those of record/, 'changed since an erasure');
ok(signed('crm', 'example.org/log/crm'), '... and the old one goes on');

# In place, twice
foreach my $number (2, 3)
{
	$node->safe_psql('postgres', 'DROP DATABASE crm');
	$last = last_note($number == 2 ? 'crm' : "crm+" . ($number - 1));
	restore('crm');
	as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
	ok(until_true(sub { problems('crm') =~ /no checkpoint is signed: the access log is a fork/ }), "restored in place, time $number: nothing is signed");
	$node->safe_psql('crm', "SELECT contact_guard.new_epoch('restored in place')");
	my $then = time;
	ok(signed('crm', "example.org/log/crm/$number"), '... after new_epoch() it is');
	cmp_ok(time - $then, '<', 40, '... at once, and not a minute after the last time');
	is(problems('crm'), '', '... and all is well');
	is($node->safe_psql('crm', "SELECT reason FROM contact_guard.log WHERE reason LIKE 'new epoch%'"),
		"new epoch example.org/log/crm/$number: restored in place; the last checkpoint of the old one: $last", '... a record names the last checkpoint of the database that is gone');
	verify('crm', 0, qr/^restored rows .* which are those of.*^good$/ms, '... in place');
}

# Where nothing was signed under the name.  Without a key before the database is made, or its
# recorder may sign at once.
$node->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.signing_key_file = ''");
$node->reload;
ok(until_true(sub { $node->safe_psql('postgres', 'SHOW contact_guard.signing_key_file') eq '' }), 'no key');
$node->safe_psql('postgres', 'CREATE DATABASE fresh');
$node->safe_psql('fresh', 'CREATE EXTENSION contact_guard');
like((as($node, 'fresh', 'postgres', "SELECT contact_guard.new_epoch('x')"))[1], qr/NOTICE: .*no checkpoint of this log was ever signed/, 'new_epoch() without a checkpoint does nothing, and says so');
$node->safe_psql('fresh', 'SELECT contact_guard.sync()');
is($node->safe_psql('fresh', "SELECT count(*) FROM contact_guard.log WHERE reason LIKE 'new epoch%'"), '0', '... there is no record of it');
$node->stop;
done_testing();
