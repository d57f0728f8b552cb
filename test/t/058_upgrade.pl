# pg_upgrade to another cluster of the same version: policies, permissions and the
# log arrive; the journal begins anew; nothing is registered meanwhile.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $old = guard_node('old');
make_roles($old);
make_crm($old, $_, 100) foreach qw(crm second);
as($old, $_, 'anna', "SET application_name = 'before'; SELECT phone FROM crm.customer WHERE id IN (3, 50)") foreach qw(crm second);
log_rows($old, $_, 'true') foreach qw(crm second);
my $events = "SELECT string_agg(concat_ws(' ', seq, event, actor, customer, columns, query), chr(10) ORDER BY seq) FROM contact_guard.access_log";
my %before = map { $_ => $old->safe_psql($_, $events) } qw(crm second);
# To look at the log is a record, too, which must not be what waits.
$old->safe_psql($_, 'SELECT contact_guard.sync()') foreach qw(crm second);
my $labels = "SELECT string_agg(objname || ' ' || label, '; ' ORDER BY objname, label) FROM pg_seclabels WHERE provider = 'contact_guard'";
my $labels_before = $old->safe_psql('crm', $labels);
# In one of them a record waits: a lock keeps the recorder from storing it until the server
# breaks down, and then there is no process for a recorder.
my $locker = lock_log($old, 'second');
is(as($old, 'second', 'anna', "SET application_name = 'waiting'; SELECT phone FROM crm.customer WHERE id = 4"), phone_of(4), 'a read whose record waits');
$old->stop('immediate');
eval { $locker->quit };
$old->append_conf('postgresql.conf', 'max_worker_processes = 2');
$old->start;
$old->stop;

my $bin = $old->config_data('--bindir');
my $folder = PostgreSQL::Test::Utils::tempdir;
chdir $folder or die;

# pg_upgrade to a new cluster of that name: whether it succeeds, and the errors in its logs
sub upgrade_to
{
	my ($name) = @_;
	my $new = PostgreSQL::Test::Cluster->new($name);
	$new->init;
	$new->append_conf('postgresql.conf', "wal_level = replica\nmax_wal_senders = 0\nlog_statement = none\n");
	my $out;
	my $ok = IPC::Run::run([ 'pg_upgrade', '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir, '-b', $bin, '-B', $bin,
			'-s', $new->host, '-p', $old->port, '-P', $new->port ], '>&', \$out);
	my @errors = map { slurp_file($_) =~ /^(.*(?:ERROR|HINT):.*)$/mg } glob($new->data_dir . '/pg_upgrade_output.d/*/log/*');
	return ($ok, $new, join "\n", @errors);
}

my ($ok, $new, $errors) = upgrade_to('refused');
ok(!$ok, 'pg_upgrade is refused while a record waits');
like($errors, qr/ERROR:  database "second" cannot be upgraded: WAL has records of reads that are not in its access log\n.*HINT:  Start the old server as usual, call contact_guard\.sync\(\)/s,
	'... and says what to do');
# Whoever takes the library from the old server takes this from himself, too.
$old->append_conf('postgresql.conf', "shared_preload_libraries = ''");
($ok, $new, $errors) = upgrade_to('new');
ok($ok, 'pg_upgrade') or BAIL_OUT($errors);
$new->start;
unlike(slurp_file($_->logfile), qr/PANIC|TRAP/, 'no server crashed') foreach $old, $new;
foreach my $db (qw(crm second))
{
	is(as($new, $db, 'anna', "SET application_name = 'after'; SELECT phone FROM crm.customer WHERE id = 3"), phone_of(3), "$db: anna sees the value in a window");
	is(as($new, $db, 'anna', 'SELECT phone FROM crm.customer WHERE id = 50'), mask_of(50), '... and a mask elsewhere');
	is(as($new, $db, 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 50'), phone_of(50), '... the dispatcher has his permission');
	$new->safe_psql($db, 'SELECT contact_guard.sync()');
	like($new->safe_psql($db, $events), qr/^\Q$before{$db}\E\n/, '... the log of the old server is there');
	is($new->safe_psql($db, "SELECT string_agg(event, ' ' ORDER BY seq) FROM contact_guard.access_log WHERE event IN ('epoch', 'gap')"),
		'epoch epoch', '... then an epoch begins');
	is(log_rows($new, $db, "event = 'shown' AND application = 'after'"), 1, '... with its reads');
	is($new->safe_psql($db, 'SELECT (epoch, rejected_messages, problems) FROM contact_guard.status()'), '(2,0,{})', '... status() sees no problem');
	ok(log_is_whole($new, $db), '... the log is whole');
}
is($new->safe_psql('crm', $labels), $labels_before, 'the labels are the same');
is(log_rows($new, 'second', "application = 'waiting'"), 0, 'what nobody had stored is not in the log');
like($new->safe_psql('second', "SELECT reason FROM contact_guard.access_log WHERE event IN ('epoch', 'gap') ORDER BY seq DESC LIMIT 1"),
	qr/that of system \d+, database \d+ was stored up to \S+\/\S+/, '... which says how far it has come');
is((as($new, 'crm', 'postgres', 'SET client_min_messages = error; SELECT contact_guard.retire(); DROP EXTENSION contact_guard; CREATE EXTENSION contact_guard'))[1], '',
	'the extension can be dropped and created there');
$new->restart;
is($new->safe_psql('crm', 'SELECT contact_guard.sync(); SELECT count(*) FROM contact_guard.access_log WHERE event <> \'start\'') =~ s/^\n//r, 1, '... with a log of its own');
$new->stop;
done_testing();
