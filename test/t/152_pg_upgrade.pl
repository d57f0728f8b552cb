# pg_upgrade from an older PostgreSQL to this one: what guards and what has been recorded
# arrives, the log goes on under its old checkpoints, and what was forgotten is said or
# refused.  Needs a server of an older version with the same library; test/pgupgrade/run
# makes chroots that have two.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my ($new_bin) = run_command([ 'pg_config', '--bindir' ]);
my ($version) = map { / (\d+)/ } run_command([ 'pg_config', '--version' ]);
my @older = grep { $_ < $version && -e "/usr/lib/postgresql/$_/lib/contact_guard.so" && -x "/usr/lib/postgresql/$_/bin/initdb" }
  map { m{/(\d+)$} } glob '/usr/lib/postgresql/*';
plan skip_all => "no PostgreSQL older than $version with contact_guard is installed: make upgrade-test" if !@older;

my $dir = PostgreSQL::Test::Utils::tempdir;
my %vkey;
my ($code, $out, $err);

sub guard
{
	my $said = '';
	IPC::Run::run([ 'contact-guard', @_ ], '>&', \$said);
	return ($? >> 8, $said);
}

# Both have checksums, which are the default since 18 alone.
sub cluster
{
	my ($name, $install_path, @conf) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, install_path => $install_path);
	$node->init(extra => ['--data-checksums']);
	$node->append_conf('postgresql.conf', join("\n", 'wal_level = logical', 'log_statement = none', 'max_wal_senders = 5',
			'max_worker_processes = 16', 'autovacuum = off', @conf));
	return $node;
}

# pg_upgrade(OLD, NEW): whether it has succeeded; what it said is in $out, and of its logs
# the errors
sub pg_upgrade
{
	my ($old, $new) = @_;
	chdir $dir or die;
	my $ok = IPC::Run::run([ "$new_bin/pg_upgrade", '--no-sync', '-d', $old->data_dir, '-D', $new->data_dir,
			'-b', $old->config_data('--bindir'), '-B', $new_bin, '-s', $new->host, '-p', $old->port, '-P', $new->port ], '>&', \$out);
	$err = join '', map { slurp_file($_) =~ /^((?:.*(?:ERROR|FATAL|error):.*|.*(?:DETAIL|HINT):.*)\n)/mg } glob($new->data_dir . '/pg_upgrade_output.d/*/log/*');
	$err .= join '', map { "$_:\n" . slurp_file($_) } glob($new->data_dir . '/pg_upgrade_output.d/*/*.txt');
	return $ok;
}

sub signed
{
	my ($node) = @_;
	my $size = $node->safe_psql('crm', 'SELECT contact_guard.sync(); SELECT log_size FROM contact_guard.status()') =~ s/\s//gr;
	return $node->poll_query_until('crm', "SELECT last_checkpoint >= $size FROM contact_guard.status()");
}

# All that must arrive, by name
my %whole = (
	policies => q(SELECT objtype, objname, label FROM pg_seclabels WHERE provider = 'contact_guard' ORDER BY 1, 2, 3),
	'row security' => q(SELECT schemaname, tablename, policyname, roles, cmd, qual, with_check FROM pg_policies ORDER BY 1, 2, 3),
	permissions => q(SELECT role::text, relation::text, purpose, level FROM contact_guard.permission ORDER BY 1, 2, 3),
	'trusted functions' => q(SELECT * FROM contact_guard.trusted_functions ORDER BY 1::text),
	holds => q(SELECT * FROM contact_guard.held ORDER BY 1),
	interventions => q(SELECT * FROM contact_guard.intervention ORDER BY 1),
	'group roles' => q(SELECT roleid::regrole::text, member::regrole::text FROM pg_auth_members WHERE roleid::regrole::text LIKE 'contact_guard%' ORDER BY 1, 2),
	partitions => q(SELECT c.relname, pg_get_expr(c.relpartbound, c.oid), d.deptype FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'
		WHERE i.inhparent = 'contact_guard.log'::regclass ORDER BY 1));

# ... and the same of the log up to a size: rows with their leaves, and signed checkpoints
sub what_is_whole
{
	my ($node, $size) = @_;
	my %all = (%whole,
		'records' => "SELECT l::text, encode(contact_guard.leaf(seq), 'hex') FROM contact_guard.log l WHERE seq < $size ORDER BY seq",
		'checkpoints' => "SELECT origin, size, root, note FROM contact_guard.signed_checkpoint WHERE size <= $size ORDER BY 1, 2");
	return map { $_ => $node->safe_psql('crm', $all{$_}) } sort keys %all;
}

sub tree_fits
{
	my ($node) = @_;
	return $node->safe_psql('crm', q(SELECT count(*) > 0 AND bool_and(sha256('\x00'::bytea || contact_guard.leaf(seq))
		= substr(contact_guard.tile(0, seq / 256), (seq % 256)::int * 32 + 1, 32)) FROM contact_guard.log WHERE read_at > '2025-01-01'));
}

foreach my $from (@older)
{
	note("from $from to $version");
	my $key = "$dir/$from/key";
	mkdir "$dir/$from", 0700 or die;
	mkdir "$dir/$from/witness", 0700 or die;
	IPC::Run::run([ 'contact-guard', 'keygen', '--origin', "example.org/$from", '--out', $key ], '>', \$vkey{$from});
	chomp $vkey{$from};
	my @signing = ("contact_guard.signing_key_file = '$key'", 'contact_guard.checkpoint_interval = 1');

	# 1. The old server
	my $old = cluster("old$from", "/usr/lib/postgresql/$from", @signing);
	$old->start;
	make_roles($old);
	make_crm($old, 'crm', 100);
	$old->safe_psql('crm', q(
		SET client_min_messages = error;
		CREATE ROLE officer LOGIN IN ROLE contact_guard_admin;
		CREATE ROLE auditor LOGIN IN ROLE contact_guard_auditor;
		CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy;
		CREATE TABLE crm.call (id bigint, customer_id bigint, number text, at date NOT NULL) PARTITION BY RANGE (at);
		CREATE TABLE crm.call_1 PARTITION OF crm.call FOR VALUES FROM ('2026-01-01') TO ('2026-07-01');
		CREATE TABLE crm.call_2 PARTITION OF crm.call FOR VALUES FROM ('2026-07-01') TO ('2027-01-01');
		CREATE TABLE crm.site (id bigint PRIMARY KEY, customer_id bigint, door_code text, stamp timestamptz);
		INSERT INTO crm.call SELECT i, i, '07' || lpad(i::text, 8, '0'), date '2026-01-01' + i::int * 3 FROM generate_series(1, 100) i;
		INSERT INTO crm.site SELECT i, i, 'code ' || i, now() FROM generate_series(1, 100) i;
		CREATE FUNCTION crm.stamp() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$BEGIN NEW.stamp := now(); RETURN NEW; END$$;
		SELECT contact_guard.trust_function('crm.stamp()', 'a stamp');
		CREATE TRIGGER stamp BEFORE UPDATE ON crm.site FOR EACH ROW EXECUTE FUNCTION crm.stamp();
		GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA crm TO anna, dispatcher, eve, pool;
		SELECT contact_guard.protect('crm.call', customer => 'customer_id', columns => '{number}', mask => 'partial(2,1)');
		SELECT contact_guard.protect('crm.site', customer => 'customer_id', columns => '{door_code}', mode => 'hide');
		SELECT contact_guard.open_intervention('60', 'eve', now(), now() + interval '1 day');));
	as($old, 'crm', 'anna', "SET application_name = 'before'; SELECT phone FROM crm.customer WHERE id IN (3, 4, 50); SELECT number FROM crm.call WHERE id < 70; SELECT * FROM crm.site");
	as($old, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 60');
	as($old, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id > 50');
	is((as($old, 'crm', 'officer', "SELECT contact_guard.sync(); SELECT contact_guard.hold('3', 'case 7/26'); SELECT contact_guard.erase_customer('4', 'asked')"))[1], '', 'a hold and an erasure');
	ok(signed($old), "$from: checkpoints are signed");
	# As after a restored backup: the log signs under a second name.
	as($old, 'crm', 'officer', "SELECT contact_guard.new_epoch('a test')");
	as($old, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id IN (5, 51)');
	ok(signed($old), '... under another origin, too');
	($code, $out) = guard('witness', $old->connstr('crm') . ' user=auditor', '--state', "$dir/$from/witness", '--vkey', $vkey{$from});
	is($code, 0, '... a witness has seen one') or diag($out);
	append_to_file("$dir/$from/checkpoint", $old->safe_psql('crm', 'SELECT note FROM contact_guard.signed_checkpoint ORDER BY signed_at DESC LIMIT 1'));
	my ($old_size) = slurp_file("$dir/$from/checkpoint") =~ /\A\S+\n(\d+)\n/;
	like(slurp_file("$dir/$from/checkpoint"), qr{\Aexample\.org/$from/crm/2\n}, '... of the second origin');

	# 2. A past, which only a server without the library lets one write
	$old->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$old->restart;
	$old->safe_psql('crm', q(
		CREATE TABLE contact_guard.log_2024_01 (LIKE contact_guard.log INCLUDING ALL);
		INSERT INTO contact_guard.log_2024_01 (seq, read_at, event, actor, customer, count)
			SELECT -1000 + i, '2024-01-10 00:00+00', 'shown', 'anna', i, 1 FROM generate_series(1, 10) i;
		ALTER TABLE contact_guard.log ATTACH PARTITION contact_guard.log_2024_01
			FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2024-02-01 00:00+00');
		ALTER EXTENSION contact_guard ADD TABLE contact_guard.log_2024_01;));
	# 3. A record waits: a lock keeps the recorder from storing it until the server breaks
	# down, and then there is no process for a recorder.
	$old->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$old->restart;
	my $locker = lock_log($old, 'crm');
	is(as($old, 'crm', 'anna', "SET application_name = 'waiting'; SELECT phone FROM crm.customer WHERE id = 6"), phone_of(6), 'a read whose record waits');
	$old->stop('immediate');
	eval { $locker->quit };
	$old->append_conf('postgresql.conf', 'max_worker_processes = 2');
	$old->start;
	$old->stop;
	my $new = cluster("new$from", undef);
	ok(!pg_upgrade($old, $new), 'pg_upgrade is refused while a record waits');
	like($err, qr/ERROR: +database "crm" cannot be upgraded: WAL has records of reads that are not in its access log\n.*DETAIL: .*\n.*HINT: +Start the old server as usual, call contact_guard\.sync\(\)/,
		'... and says what to do') or diag($out);
	$old->append_conf('postgresql.conf', 'max_worker_processes = 16');
	$old->start;
	is(log_rows($old, 'crm', "application = 'waiting'"), 1, 'the old server stores it');
	ok(signed($old), '... and signs it');
	my $size = $old->safe_psql('crm', 'SELECT contact_guard.sync(); SELECT log_size FROM contact_guard.status()') =~ s/\s//gr;
	my %before = what_is_whole($old, $size);
	$old->stop;

	# 4. Where a database has an older version of the extension; where the new server does not load the library
	$old->start;
	$old->safe_psql('postgres', 'CREATE DATABASE older');
	$old->safe_psql('older', "CREATE EXTENSION contact_guard VERSION '1.0'");
	$old->stop;
	$new = cluster("older$from", undef);
	ok(!pg_upgrade($old, $new), 'pg_upgrade is refused while a database has an older version of the extension');
	like($err, qr/ERROR: +extension "contact_guard" has version 1\.0.*\n(?:.*\n)?.*HINT: +Run ALTER EXTENSION contact_guard UPDATE/, '... and says what to do') or diag($out, $err);
	$old->start;
	$old->safe_psql('postgres', 'DROP DATABASE older');
	# Of the run without the library, and of those of pg_upgrade itself, which was refused
	cmp_ok($old->safe_psql('crm', q(SELECT contact_guard.sync(); SELECT contact_guard.acknowledge_gaps('known'))) =~ s/\s//gr, '>', 0, 'runs without a recorder are acknowledged');
	# That is a record, too, and the recorder need not come to store it before the stop.
	$old->safe_psql('crm', 'SELECT contact_guard.sync()');
	$old->stop;
	$new = cluster("unloaded$from", undef, "shared_preload_libraries = ''");
	ok(!pg_upgrade($old, $new), 'pg_upgrade to a server that does not load the library is refused');
	like($err, qr/ERROR: +security label provider "contact_guard" is not loaded/, "... and says so") or diag($out);

	# 5. pg_upgrade, which copies logical slots since 17.  No message of ours comes after this one.
	if ($from >= 17)
	{
		$old->append_conf('postgresql.conf', "shared_preload_libraries = ''");
		$old->start;
		# The minor versions of November 2026 keep a counter among a column's options.  The
		# pg_dump of an older 18 hands it on, and its server refuses it, for each table.
		$old->safe_psql('crm', q(SET allow_system_table_mods = on;
			UPDATE pg_attribute SET attoptions = (SELECT array_agg(o) FROM unnest(attoptions) o WHERE o !~ '^pg_attver=') WHERE attoptions::text ~ 'pg_attver='))
		  if slurp_file("$new_bin/pg_dump") !~ /pg_attver/;
		$old->safe_psql('crm', "SELECT pg_create_logical_replication_slot('theirs', 'pgoutput')");
		$old->stop;
		$old->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	}
	$new = cluster("whole$from", undef);
	ok(pg_upgrade($old, $new), 'pg_upgrade') or diag($out, $err);
	$new->start;
	unlike(slurp_file($_->logfile), qr/PANIC|TRAP|terminated by signal/, $_->name . ': no crash') foreach $old, $new;
	is(log_rows($new, 'crm', "event = 'epoch' AND reason ~ 'in a new cluster, as pg_upgrade makes one.*was stored up to'"), 1, 'the new epoch is a record');
	my %after = what_is_whole($new, $size);
	is($after{$_}, $before{$_}, "whole: $_") foreach sort keys %before;
	is(tree_fits($new), 't', 'whole: the tree');
	is($new->safe_psql('crm', "SELECT string_agg(slot_name, ' ' ORDER BY slot_name) FROM pg_replication_slots WHERE slot_type = 'logical' OR active"),
		$from >= 17 ? 'contact_guard theirs' : 'contact_guard', 'the slot is made anew, beside those that came along');
	like($new->safe_psql('crm', 'SELECT problems FROM contact_guard.status()'), qr/^\{"no checkpoint is signed: contact_guard\.signing_key_file is not set, though checkpoints of this log have been signed"\}$/,
		'a signing key that was forgotten is a problem in status()');

	# 6. It goes on
	$new->append_conf('postgresql.conf', join "\n", @signing);
	$new->reload;
	is(as($new, 'crm', 'anna', "SET application_name = 'after'; SELECT phone FROM crm.customer WHERE id = 3"), phone_of(3), 'anna sees the value in a window');
	is(as($new, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 50'), mask_of(50), '... and a mask elsewhere');
	is(as($new, 'crm', 'anna', 'SELECT number FROM crm.call WHERE id IN (2, 50, 90) ORDER BY id'), "0700000002\n07*******0\n07*******0", '... in partitions');
	is(as($new, 'crm', 'anna', 'SELECT count(*) FROM crm.site'), 20, '... in mode hide');
	is(as($new, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 60'), phone_of(60), '... in an intervention opened by call');
	is(as($new, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 50'), phone_of(50), '... with a permission');
	is((as($new, 'crm', 'anna', "UPDATE crm.site SET door_code = 'new' WHERE id = 2"))[1], '', '... and the trigger whose function is trusted');
	is((as($new, 'crm', 'pool', "BEGIN; SELECT contact_guard.act_as('anna'); SELECT phone FROM crm.customer WHERE id = 7; COMMIT"))[0] =~ s/\s//gr, phone_of(7), '... through a pool');
	is(log_rows($new, 'crm', "application = 'after' AND event = 'shown'"), 1, 'reads are recorded');
	ok(signed($new), '... and signed');
	like($new->safe_psql('crm', 'SELECT contact_guard.checkpoint()'), qr{\Aexample\.org/$from/crm/2\n}, '... under the same origin');
	is($new->safe_psql('crm', 'SELECT problems FROM contact_guard.status()'), '{}', 'status() sees no problem');
	($code, $out) = guard('witness', $new->connstr('crm') . ' user=auditor', '--state', "$dir/$from/witness", '--vkey', $vkey{$from});
	is($code, 0, 'the witness goes on') or diag($out);
	like($out, qr/consistent/, '... with a proof that the old tree is in the new one');
	is((as($new, 'crm', 'officer', "SELECT contact_guard.erase_customer('5', 'asked'); SELECT contact_guard.release_hold('3')"))[1], '', 'erase_customer() and release_hold()');
	is((as($new, 'crm', 'officer', "SELECT contact_guard.purge('2024-06-01', 'old')"))[0], 10, 'purge() drops a month that came along');
	($code, $out) = guard('verify', $new->connstr('crm') . ' user=auditor', '--vkey', $vkey{$from}, '--checkpoint', "$dir/$from/checkpoint");
	is($code, 0, '... and contact-guard verify is content, against a checkpoint of the old server') or diag($out);
	$new->restart;
	is(log_rows($new, 'crm', "event = 'gap' AND reason !~ 'ran without contact_guard'"), 0, 'nothing is missing');
	is((as($new, 'crm', 'postgres', 'SET client_min_messages = error; SELECT contact_guard.retire(); DROP EXTENSION contact_guard; CREATE EXTENSION contact_guard'))[1], '',
		'the extension can be dropped and created there');
	$new->stop;
}
done_testing();
