# What status().problems says at night: what waits for whom, what is missing, and nothing
# while all is well.  Where no launcher can come, guarded reads fail at once.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time usleep);

my $node = guard_node('troubles', 'contact_guard.max_backlog = 64kB');
make_roles($node);
make_crm($node, 'crm', 100);

sub problems { return $node->safe_psql($_[0] // 'crm', "SELECT array_to_string(problems, E'\n') FROM contact_guard.status()") }

sub soon
{
	my ($pattern, $what, $dbname) = @_;
	my $last = '';
	foreach (1 .. 600)
	{
		$last = problems($dbname);
		return like($last, $pattern, $what) if $last =~ $pattern;
		usleep(100_000);
	}
	return like($last, $pattern, $what);
}

sub configure
{
	my (%settings) = @_;
	$node->append_conf('postgresql.conf', join "\n", map { "$_ = '$settings{$_}'" } sort keys %settings);
	return;
}

sub fails_at_once
{
	my ($what, $detail) = @_;
	my $begun = time;
	my ($out, $err) = as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
	is(state_of($err), '55000', "$what: a guarded read is refused");
	cmp_ok(time - $begun, '<', 5, '... at once');
	like($err, $detail, '... and says why');
	like($err, qr/HINT:.*max_worker_processes/, '... and what to do');
	is(as($node, 'crm', 'anna', 'SELECT word FROM crm.plain WHERE id = 3'), 'word 3', '... and nothing else');
	return;
}

is(problems(), '', 'all is well');

# Only interventions that were opened by call
$node->safe_psql('postgres', 'CREATE DATABASE calls');
$node->safe_psql('calls', q(CREATE EXTENSION contact_guard; CREATE TABLE customer (id bigint PRIMARY KEY, phone text);
	SELECT contact_guard.protect('customer', customer => 'id', columns => '{phone}', mask => 'partial(2,1)')));
like(problems('calls'), qr/^no window can open/, 'a policy under which no window can open');
$node->safe_psql('calls', "SELECT contact_guard.close_intervention(contact_guard.open_intervention(1, 'anna', now(), now() + interval '1 h'))");
is(problems('calls'), '', '... all is well when an intervention was opened by call');

# The recorder waits for a lock
{
	my $locker = session($node, 'crm', 'postgres');
	log_rows($node, 'crm', 'true');
	$locker->query("SET application_name = 'a forgotten psql'");
	$locker->query('BEGIN; LOCK TABLE contact_guard.query_text, contact_guard.log IN EXCLUSIVE MODE');
	my $pid = $locker->query('SELECT pg_backend_pid()');
	as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
	soon(qr/^the recorder \(pid \d+\) has waited \d+ s for a lock on contact_guard\.\w+ held by pid $pid \(postgres, a forgotten psql, idle in transaction\)$/,
		'a recorder that waits: for whom, and how long');
	my $anna = session($node, 'crm', 'anna');
	foreach (1 .. 5000)
	{
		$anna->{stderr} = '';
		$anna->query('SELECT phone FROM crm.customer WHERE id = 2');
		last if $anna->{stderr};
	}
	is(state_of($anna->{stderr}), '53400', '... until the backlog is full');
	like(problems(), qr/^guarded columns cannot be read: \d+ kB of records wait to be stored, more than contact_guard\.max_backlog \(64 kB\)\nthe recorder .* has waited/,
		'... which status() says first');
	$locker->query('COMMIT');
	log_rows($node, 'crm', 'true');
	is(problems(), '', '... and all is well');
	$_->quit foreach $anna, $locker;
}

# No background worker for the launcher
configure(max_worker_processes => 0);
$node->restart;
fails_at_once('no background worker', qr/DETAIL:.*had no background worker left for contact_guard's launcher/);
like(problems(), qr/^nothing is recorded, and guarded columns cannot be read.*no background worker left/, '... status() says so');
is(state_of((as($node, 'crm', 'postgres', 'SELECT contact_guard.sync()'))[1]), '55000', '... and sync() does not wait');

# No replication slot
$node->safe_psql('crm', "SELECT pg_drop_replication_slot('contact_guard'); SELECT pg_create_physical_replication_slot('other')");
configure(max_worker_processes => 8, max_replication_slots => 1);
$node->restart;
fails_at_once('no replication slot', qr/DETAIL:.*no replication slot: all replication slots are in use/);
soon(qr/^no record can be kept, and guarded columns cannot be read: no replication slot: all replication slots are in use/, '... status() says so');
$node->safe_psql('crm', "SELECT pg_drop_replication_slot('other')");
# A segment of WAL may have gone with the slot, which is a gap, too.
soon(qr/^records are missing: [12] records/, 'when a slot is free, all is well, but that the server ran without a launcher');
$node->safe_psql($_, "SELECT contact_guard.acknowledge_gaps('no background worker')") foreach qw(crm calls);
soon(qr/^$/, '... until that is acknowledged');
is(as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1'), phone_of(1), '... and values are shown');

# The signing key, at a reload
my $dir = PostgreSQL::Test::Utils::tempdir;
run_log([ 'contact-guard', 'keygen', '--origin', 'example.com/crm', '--out', "$dir/key" ]);
configure('contact_guard.signing_key_file' => "$dir/nokey", 'contact_guard.checkpoint_interval' => '1d');
my $offset = -s $node->logfile;
$node->reload;
soon(qr/^no checkpoint is signed: could not open signing key "\Q$dir\E\/nokey": No such file/, 'a key that is not there: status() says so after the reload, before one is due');
like(slurp_file($node->logfile, $offset), qr/LOG:  contact_guard signs no checkpoint: could not open signing key/, '... so does the server log');
is(problems('calls'), problems(), '... in each database');
configure('contact_guard.signing_key_file' => "$dir/key");
$node->reload;
soon(qr/^$/, 'a good key: all is well');
chmod 0644, "$dir/key";
$offset = -s $node->logfile;
$node->reload;
soon(qr/^no checkpoint is signed: signing key "\Q$dir\E\/key" can be read by others/, 'a key that others can read');
like(slurp_file($node->logfile, $offset), qr/LOG:  contact_guard signs no checkpoint: .*\n.*HINT:  The mode of the file must be 0600/, '... the server log has the hint');
chmod 0600, "$dir/key";
soon(qr/^$/, '... is noticed without a reload when it is mended');

# The library of another build of the same version: objects are not those that it expects
configure(shared_preload_libraries => '');
$node->restart;
$node->safe_psql('calls', 'ALTER TABLE contact_guard.tile_edge DROP CONSTRAINT tile_edge_pkey');
$node->safe_psql('crm', 'ALTER TABLE contact_guard.log RENAME COLUMN purpose TO aim');
configure(shared_preload_libraries => 'contact_guard');
$node->restart;
foreach my $case ([ 'crm', qr/table "contact_guard\.log" is not the one that this version of contact_guard uses/ ],
	[ 'calls', qr/contact_guard's recorder cannot go on: it failed while \w+ records: there is no unique or exclusion constraint/ ])
{
	my ($dbname, $like) = @$case;
	as($node, $dbname, 'postgres', 'SELECT phone AS a_new_text FROM ' . ($dbname eq 'crm' ? 'crm.customer' : 'customer') . ' WHERE id = 1');
	my (undef, $err) = as($node, $dbname, 'postgres', "SET statement_timeout = '120s'; SELECT contact_guard.sync()");
	is(state_of($err), '55000', "$dbname: sync() does not wait for a recorder that cannot go on") or diag($err);
	like($err, $like, '... says why');
	like($err, qr/HINT:.*another build of the same version, install the library of that build/, '... and what to do');
}
$node->stop;
done_testing();
