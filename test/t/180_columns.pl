# What leaf version 2 seals: how the actor's name is known, which window showed a value, and
# the technician and the windows of a record that only an event to come will make.  Each is
# in the log, in the leaf, and in what auditors ask; and each can be erased as an actor can.

use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use MIME::Base64;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
IPC::Run::run([ qw(contact-guard keygen --origin example.org/log --out), "$dir/key" ], '>', \my $vkey) or die;
chomp $vkey;
my $node = guard_node('columns', "contact_guard.signing_key_file = '$dir/key'", 'contact_guard.checkpoint_interval = 1', 'contact_guard.min_retention = 0');
make_roles($node);
make_crm($node, 'crm', 400);
sub sql { return $node->safe_psql('crm', shift) }
sub logged { sql('SELECT contact_guard.sync()'); return sql(shift) }
sub guard
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'contact-guard', @_ ], '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

# All that is there now is signed, and contact-guard finds it so.
sub good
{
	my ($what, $dbname) = @_;
	$dbname //= 'crm';
	my $size = $node->safe_psql($dbname, 'SELECT contact_guard.sync(); SELECT log_size FROM contact_guard.status()') =~ s/\s//gr;
	$node->poll_query_until($dbname, "SELECT last_checkpoint >= $size FROM contact_guard.status()") or die;
	my ($code, $out, $err) = guard('verify', $node->connstr($dbname), '--vkey', $vkey, '--views');
	return is($code, 0, "$what: the log is good") || diag("$out$err");
}

# The same leaf in C and SQL: the hash of each, in the tree
sub leaves_agree
{
	return logged(q(SELECT count(*) = 0 FROM contact_guard.log l WHERE sha256('\x00'::bytea || contact_guard.leaf(l.seq)) IS DISTINCT FROM
		(SELECT substr(contact_guard.tile(0, l.seq / 256), (l.seq % 256)::int * 32 + 1, 32)))) eq 't';
}

# A superuser without the library
my $without = 0;
sub unwatched
{
	my (@sql) = @_;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->restart;
	sql($_) foreach @sql;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->restart;
	$without++;
	return;
}

# 1. The window that showed a value, with early, late and longest
sql(q(SET client_min_messages = error;
	CREATE ROLE pool LOGIN; GRANT contact_guard_proxy TO pool; CREATE ROLE officer LOGIN; GRANT contact_guard_admin TO officer;
	GRANT SELECT ON ALL TABLES IN SCHEMA crm TO pool;
	INSERT INTO crm.intervention (customer_id, technician, starts_at, ends_at, status) SELECT 100 + i, t, now() - i * interval '1 min', now() + i * interval '1 h', 'on_site'
		FROM generate_series(1, 120) i, unnest('{anna,max}'::name[]) t;
	SELECT contact_guard.use_interventions('crm.intervention', id => 'id', customer => 'customer_id', technician => 'technician', opens_at => 'starts_at',
		closes_at => 'ends_at', open_when => $$status = 'on_site'$$, early => '15 min', late => '30 min', longest => '50 hours')));
my $window = q(i.starts_at - interval '15 min', least(i.ends_at + interval '30 min', i.starts_at + interval '50 hours'));
my $as_decided = qq(FROM contact_guard.access_log l LEFT JOIN crm.intervention i ON i.id::text = l.intervention WHERE l.event = 'shown');
is(as($node, 'crm', 'anna', "SET application_name = 'one'; SELECT phone FROM crm.customer WHERE id = 101; SELECT phone FROM crm.customer WHERE id = 101;
	SELECT phone FROM crm.customer WHERE id = 180"), phone_of(101) . "\n" . phone_of(101) . "\n" . phone_of(180), 'a technician sees what his windows show');
is(logged("SELECT count(*), bool_and((l.opens_at, l.closes_at) = ($window)), count(DISTINCT l.closes_at) $as_decided AND application = 'one'"), '3|t|2', '... and the records say which');
is(sql("SELECT count(*) $as_decided AND application = 'one' AND l.closes_at = i.starts_at + interval '50 hours'"), 1, '... one of which "longest" ends');
as($node, 'crm', 'anna', "SET application_name = 'many'; SELECT count(phone) FROM crm.customer WHERE phone LIKE '06%'");
is(logged("SELECT count(*) > 100, bool_and((l.opens_at, l.closes_at) = ($window)), count(DISTINCT l.closes_at) > 90 $as_decided AND application = 'many'"), 't|t|t',
	'... in a list of many, too');
sql(q(SET client_min_messages = error; SELECT contact_guard.use_interventions('crm.intervention', id => 'id', customer => 'customer_id', technician => 'technician',
	opens_at => 'starts_at', closes_at => 'ends_at', open_when => $$status = 'on_site'$$, early => '1 month')));
as($node, 'crm', 'anna', "SET application_name = 'month'; SET timezone = 'Asia/Tokyo'; SELECT phone FROM crm.customer WHERE id = 102");
is(logged("SELECT count(*), bool_and((l.opens_at, l.closes_at) = ((i.starts_at AT TIME ZONE 'UTC' - interval '1 month') AT TIME ZONE 'UTC', i.ends_at)) $as_decided AND application = 'month'"),
	'1|t', '... where PostgreSQL computes it');
# The longest times there are; those behind int8 are infinite in the leaf
sql(q(SET client_min_messages = error; SELECT contact_guard.use_interventions('crm.intervention', id => 'id', customer => 'customer_id', technician => 'technician',
	opens_at => 'starts_at', closes_at => 'ends_at', open_when => $$status = 'on_site'$$);
	UPDATE crm.intervention SET starts_at = '-infinity', ends_at = 'infinity' WHERE customer_id = 103;
	UPDATE crm.intervention SET starts_at = '4714-11-24 00:00+00 BC', ends_at = '294276-12-31 23:59:59.999999+00' WHERE customer_id = 104));
as($node, 'crm', 'anna', "SET application_name = 'ever'; SELECT phone FROM crm.customer WHERE id = $_") foreach 103, 104;
is(logged(q(SELECT opens_at, closes_at FROM contact_guard.access_log WHERE event = 'shown' AND application = 'ever' ORDER BY seq)),
	"-infinity|infinity\n4714-11-24 00:00:00+00 BC|294276-12-31 23:59:59.999999+00", '... whose times are not finite');

# 2. None where no window showed anything
as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 101');
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 300');
as($node, 'crm', 'dispatcher', "SELECT phone FROM crm.customer WHERE id = 101; SELECT id FROM crm.customer WHERE phone = '0600000300'; SELECT phone FROM crm.customer WHERE id < 50");
as($node, 'crm', 'postgres', 'SELECT phone FROM crm.customer WHERE id = 101; COPY crm.customer TO STDOUT');
as($node, 'crm', 'eve', 'SELECT contact_guard.protect(NULL, NULL, NULL); CREATE TEMP TABLE mine AS SELECT phone FROM crm.customer WHERE id = 1');
is(logged(q(SELECT count(*) FROM contact_guard.access_log WHERE (opens_at IS NULL) <> (closes_at IS NULL) OR (opens_at IS NOT NULL) <> (event = 'shown' AND purpose = 'intervention')
	OR technician IS NOT NULL OR previous_opens_at IS NOT NULL OR previous_closes_at IS NOT NULL)), 0, 'no other record has times of a window');
is(sql(q(SELECT string_agg(DISTINCT event, ' ' ORDER BY event) FROM contact_guard.access_log WHERE opens_at IS NULL AND actor IS NOT NULL)), 'audit_read bulk lookup policy refused shown withheld', '... of these events');

# 3. How the name of the actor is known
as($node, 'crm', 'pool', "SET application_name = 'crm'; SELECT phone FROM crm.customer WHERE id = 120; BEGIN; SELECT contact_guard.act_as('max'); SELECT phone FROM crm.customer WHERE id = 120;
	SELECT phone FROM crm.customer WHERE id = 300; COMMIT; BEGIN; SELECT contact_guard.act_as('pool'); SELECT phone FROM crm.customer WHERE id = 121; COMMIT");
is(logged(q(SELECT event, actor, login, customer, identity FROM contact_guard.access_log WHERE application = 'crm' AND event IN ('shown', 'withheld') ORDER BY seq)),
	"withheld|pool|pool|120|role\nshown|max|pool|120|asserted\nwithheld|max|pool|300|asserted\nwithheld|pool|pool|121|asserted", 'who is named by act_as() is known by hearsay');
sql(q(SELECT contact_guard.allow_act_as_session('pool')));
as($node, 'crm', 'pool', "SET application_name = 'kiosk'; SELECT contact_guard.act_as_session('max'); SELECT phone FROM crm.customer WHERE id = 122; CREATE TEMP TABLE mine AS SELECT phone FROM crm.customer WHERE id = 300");
is(logged(q(SELECT DISTINCT event, actor, login, identity FROM contact_guard.access_log WHERE application = 'kiosk' ORDER BY 1)), "refused|max|pool|asserted\nshown|max|pool|asserted\nwithheld|max|pool|asserted", '... and by act_as_session()');
is(sql(q(SELECT count(*) FILTER (WHERE actor IS NOT NULL) > 100, count(*) FILTER (WHERE (actor IS NULL) <> (identity IS NULL)), count(*) FILTER (WHERE actor IS NULL) > 0 FROM contact_guard.access_log)), 't|0|t',
	'each record that has an actor says how he is known, and no other');
# In one batch of the recorder, with nothing else that differs
my $locker = lock_log($node, 'crm');
as($node, 'crm', 'pool', "SET application_name = 'batch'; SELECT phone FROM crm.customer WHERE id = 130; BEGIN; SELECT contact_guard.act_as('pool'); SELECT phone FROM crm.customer WHERE id = 130; COMMIT");
$locker->quit;
is(logged(q(SELECT identity FROM contact_guard.access_log WHERE application = 'batch' ORDER BY seq)), "role\nasserted", '... nor like the one before it');
is(sql(q(SELECT count(identity) FROM contact_guard.log WHERE common IS NOT NULL)), 0, '... which many records share');
is(sql(q(SELECT string_agg(DISTINCT identity, ' ' ORDER BY identity) FROM contact_guard.log_common)), 'asserted role', '... in log_common');
is(sql(q(SELECT DISTINCT leaf_version FROM contact_guard.log)), 2, 'all records have leaves of version 2');

# 4. What has no producer yet: a message that is sealed with the key; and one of the version before
my $counter = 0;
sub message
{
	my ($version, $context, $record) = @_;
	my ($system, $database, $epoch, $key) = journal_key($node, 'crm');
	my $position = sql(q(SELECT pg_current_wal_insert_lsn() - '0/0'));
	my $items = $context . $record;
	my $header = pack('CCNq>Nq>q>', $version, 0, $epoch, 12345678, 4711, ++$counter, $position);
	my $mac = hmac_sha256("contact_guard journal\0" . pack('q>N', $system, $database) . $header . $items, $key);
	sql("SELECT pg_logical_emit_message(false, 'contact_guard', '\\x" . unpack('H*', $header . $mac . $items) . "'::bytea)");
	return;
}
sub string { return defined $_[0] ? pack('N/a*', $_[0]) : "\xff" x 4 }
sub context { return 'C' . join('', map { string($_) } @_) . pack('q>q>', 1, 0) }
sub record { my ($event, $customer, $parts) = @_; return 'R' . pack('Cq>', $event, (time - 946684800) * 1_000_000) . string(undef) . "\0\0" . string($customer) . pack('q>', 1) . string('4711') . "\x80" . "\0" x 7 . string(undef) . string('moved') . $parts }
my $both = pack('Cq>q>q>q>', 7, 1_000_000, 2_000_000, -9223372036854775807 - 1, 9223372036854775807) . string('otto');
message(4, context('berta', 'pool', undef, 'forged', 'token:2026-a'), record(5, '77', $both));
message(4, context('otto', 'otto', undef, 'forged', 'role'), record(5, '78', "\2" . pack('q>q>', 3, 4)));
message(3, context('anna', 'anna', undef, 'forged'), record(1, '79', ''));
message(4, context('anna', 'anna', undef, 'damaged', 'role'), record(1, '80', "\x08"));
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 5');
is(logged(q(SELECT actor, identity, customer, technician, opens_at, closes_at, previous_opens_at, previous_closes_at FROM contact_guard.access_log WHERE application = 'forged' ORDER BY seq)),
	"berta|token:2026-a|77|otto|2000-01-01 00:00:01+00|2000-01-01 00:00:02+00|-infinity|infinity\notto|role|78|||||\nanna||79|||||" =~ s/78\|\|\|\|\|/78||||2000-01-01 00:00:00.000003+00|2000-01-01 00:00:00.000004+00/r,
	'a message of this version, and one of the version before');
is(sql(q(SELECT count(*) FROM contact_guard.access_log WHERE event = 'gap' AND reason LIKE 'message 4 of session % is damaged')), 1, '... a part that nobody knows is damage');
ok(leaves_agree(), 'SQL and C make the same leaves');
good('all of it');

# 5. What auditors ask
my $identities = q(SELECT string_agg(identity, ' ' ORDER BY seq) FROM contact_guard);
is(sql("$identities.who_read('120') WHERE event = 'shown'"), 'role asserted', 'who_read() says how the actor is known');
is(sql("$identities.reads_by('max') WHERE customer IN ('120', '122')"), 'asserted asserted', '... and so does reads_by()');
foreach my $question ([ 'who-read', '--customer', '120' ], [ 'reads-by', '--actor', 'pool' ])
{
	my ($code, $out, $err) = guard($question->[0], $node->connstr('crm'), @$question[ 1, 2 ], '--vkey', $vkey);
	is($code, 0, "contact-guard $question->[0] answers as SQL does") or diag("$out$err");
	like($out, qr/\tasserted\t/, '... with it');
}
my $seq = sql(q(SELECT seq FROM contact_guard.log WHERE technician IS NOT NULL));
guard('proof', $node->connstr('crm'), '--seq', $seq, '--out', "$dir/proof", '--vkey', $vkey);
my ($code, $out) = guard('check-proof', "$dir/proof", '--vkey', $vkey);
like($out, qr/^  opens_at: 2000-01-01 00:00:01.000000 UTC\n  closes_at: 2000-01-01 00:00:02.000000 UTC\n  previous_opens_at: -infinity\n  previous_closes_at: infinity\n(?:.*\n)*  identity: token:2026-a\n  technician: otto\n/m, 'a proof shows all of it');
is($code, 0, '... and is good');

# A proof that names nobody: the customer is opened, and nothing that leads to the reader
$seq = sql(q(SELECT seq FROM contact_guard.access_log WHERE event = 'shown' AND actor = 'dispatcher' AND customer = '101' AND reason ~ 'by role dispatcher'));
my $session = sql("SELECT session FROM contact_guard.log WHERE seq = $seq");
guard('proof', $node->connstr('crm'), '--seq', $seq, '--out', "$dir/proof", '--vkey', $vkey, '--open', 'customer');
($code, $out) = guard('check-proof', "$dir/proof", '--vkey', $vkey);
is($code, 0, 'a proof for the customer') or diag($out);
like($out, qr/^  actor group: \(sealed\)$(?=.*^  execution group: \(sealed\)$)(?=.*^  customer: 101$)/ms, '... names him');
my ($extra) = slurp_file("$dir/proof") =~ /^extra (\S+)$/m;
my $plain = decode_base64($extra);
is(scalar(grep { index($plain, $_) >= 0 } 'dispatcher', $session, sql("SELECT query FROM contact_guard.access_log WHERE seq = $seq")), 0, '... and nothing else that leads to the reader');
cmp_ok(index($plain, '101'), '>', 0, '... in all of its bytes');

# 6. Erased as the actor is: of whom it names, be it as the technician
is((as($node, 'crm', 'officer', "SELECT contact_guard.erase_actor('berta', 'left')"))[0], 1, 'an actor is erased');
is((as($node, 'crm', 'officer', "SELECT contact_guard.erase_actor('anna', 'left')"))[0] > 100, 1, '... one with many records that share their identity');
is((as($node, 'crm', 'officer', "SELECT contact_guard.erase_actor('max', 'left')"))[0] >= 4, 1, '... one behind a pool');
is(logged(q(SELECT count(*) > 100, count(actor), count(login), count(identity), count(technician), count(common), count(actor_commitment) = count(*), count(opens_at) > 100,
	bool_and(octet_length(execution_salt) = 32 AND actor_salt IS NULL) FROM contact_guard.log WHERE actor_commitment IS NOT NULL)),
	't|0|0|0|0|0|t|t|t', '... with all that is sealed with the name, and nothing else');
ok(leaves_agree(), '... and the leaves are what they were');
as($node, 'crm', 'officer', "SELECT contact_guard.erase_customer('101', 'asked'), contact_guard.erase_customer('180', 'asked')");
is(logged(q(SELECT count(*) > 2, bool_and(octet_length(execution_salt) = 32), bool_and((actor_salt IS NULL) = (actor_commitment IS NOT NULL)), count(*) FILTER (WHERE customer_salt IS NOT NULL)
	FROM contact_guard.log WHERE customer_commitment IS NOT NULL)), 't|t|t|0', '... also of whom both are erased');
good('erased actors');
message(4, context('berta', 'pool', undef, 'forged', 'asserted'), record(5, '81', "\4" . string('otto')));
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 5');
is(log_rows($node, 'crm', "technician = 'otto'"), 1, 'the technician of a window that another one has moved');
sql(q(CREATE ROLE otto LOGIN; GRANT contact_guard_admin TO otto, pool));
is(state_of((as($node, 'crm', 'pool', "SELECT contact_guard.erase_actor('otto', 'x')"))[1]), '42501', '... is not erased by whose login it was that moved it');
is((as($node, 'crm', 'officer', "SELECT contact_guard.erase_actor('otto', 'left')"))[0], 2, '... but by others, with the name of who moved it');
is(log_rows($node, 'crm', "technician IS NOT NULL OR actor = 'otto'"), 0, '... and is gone');
good('an erased technician');

# 7. Whoever changes one of them changes leaves
foreach my $change ("UPDATE contact_guard.log_common SET identity = 'token:x' WHERE identity = 'asserted'", "UPDATE contact_guard.log SET closes_at = closes_at + interval '1 day' WHERE seq = (SELECT max(seq) FROM contact_guard.log WHERE opens_at IS NOT NULL)",
	"UPDATE contact_guard.log SET opens_at = now() WHERE seq = (SELECT max(seq) FROM contact_guard.log WHERE event = 'withheld')")
{
	unwatched("CREATE TABLE kept AS TABLE contact_guard.log; CREATE TABLE kept_common AS TABLE contact_guard.log_common; $change");
	($code, $out, my $err) = guard('verify', $node->connstr('crm'), '--vkey', $vkey);
	is($code, 1, "$change: is found");
	like("$out$err", qr/first bad row: seq \d+/, '... in the row');
	unwatched('UPDATE contact_guard.log l SET (opens_at, closes_at) = (k.opens_at, k.closes_at) FROM kept k WHERE k.seq = l.seq; UPDATE contact_guard.log_common l SET identity = k.identity FROM kept_common k WHERE k.number = l.number; DROP TABLE kept, kept_common');
}
sql("SELECT contact_guard.sync(); SELECT contact_guard.acknowledge_gaps('a test')");

# 8. A crash before the recorder has stored anything
$locker = lock_log($node, 'crm');
is(as($node, 'crm', 'anna', "SET application_name = 'crashed'; SELECT phone FROM crm.customer WHERE id = 105"), phone_of(105), 'a value is shown');
kill_server($node);
eval { $locker->quit };
slow_start($node);
is(logged("SELECT count(*), min(l.identity), bool_and((l.opens_at, l.closes_at) = (i.starts_at, i.ends_at)) $as_decided AND application = 'crashed'"), '1|role|t', '... and after a crash the record has its window');
good('after a crash');

# 9. A dump has all of it, and its record the hash
$node->safe_psql('postgres', 'CREATE DATABASE copy');
$ENV{PGHOST} = $node->host;
$ENV{PGPORT} = $node->port;
ok(IPC::Run::run([ 'pg_dump', '-Fc', '-f', "$dir/dump", '-U', 'postgres', 'crm' ]) && IPC::Run::run([ 'pg_restore', '-e', '-U', 'postgres', '-d', 'copy', "$dir/dump" ]), 'a dump is restored');
my $sums = q(SELECT count(identity), count(opens_at), count(closes_at), count(*) FILTER (WHERE opens_at = '-infinity' OR closes_at > '294200-01-01'), count(*) FILTER (WHERE identity = 'asserted') FROM);
my $columns = sql("$sums contact_guard.whole_log WHERE event IN ('shown', 'withheld', 'policy')");
is($node->safe_psql('copy', "$sums contact_guard.restored_log WHERE event IN ('shown', 'withheld', 'policy')"), $columns, '... with all columns');
like($columns, qr/^[1-9]\d*\|[1-9]\d*\|[1-9]\d*\|2\|[1-9]\d*$/, '... of which there are some');
good('restored', 'copy');
($code, $out, my $said) = guard('reads-by', $node->connstr('copy'), '--actor', 'pool', '--vkey', $vkey);
is($code, 0, '... and contact-guard answers of them as SQL does') or diag("$out$said");
like($out, qr/\tasserted\t/, '... with it');
$node->stop;
done_testing();
