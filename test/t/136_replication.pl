# Our own tables under logical replication: what is secret or personal is in no change
# that is decoded, commands work on a publisher, and a subscriber's tables stay its own.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = guard_node('publisher', { allows_streaming => 'logical' }, 'contact_guard.withheld_detail = 100', 'wal_level = logical', 'contact_guard.min_retention = 0');
make_roles($publisher);
make_crm($publisher, 'crm', 100);
$publisher->safe_psql('crm', q(SET client_min_messages = error;
	SELECT contact_guard.forget_interventions('crm.intervention');
	CREATE TABLE crm.person (id text PRIMARY KEY, phone text);
	INSERT INTO crm.person SELECT 'PERSON-' || n, 'PHONE-' || n FROM generate_series(1, 60) n;
	GRANT SELECT, UPDATE ON crm.person TO PUBLIC;
	SELECT contact_guard.protect('crm.person', 'id', '{phone}');
	CREATE ROLE admin LOGIN IN ROLE contact_guard_admin;
	CREATE PUBLICATION everything FOR ALL TABLES;));

sub changes
{
	my ($dbname, $slot) = @_;
	return grep { !/^message:/ } split /\n/, $publisher->safe_psql($dbname, "SELECT data FROM pg_logical_slot_get_changes('$slot', NULL, NULL)");
}

# The keys, from the table's file: what is behind number, epoch and run
sub key
{
	my ($dbname) = @_;
	$publisher->safe_psql($dbname, 'CHECKPOINT');
	my $page = pack 'H*', $publisher->safe_psql($dbname, "SELECT encode(pg_read_binary_file(pg_relation_filepath('contact_guard.journal_key')), 'hex')");
	my @keys = $page =~ /[\x01-\x1f]\0\0\0[\x01-\x1f]\0\0\0.{8}\x43(.{32})/sg;
	return map { unpack 'H*', $_ } @keys;
}

# A pattern for any of them
sub any_of
{
	my (@keys) = @_;
	@keys or die 'no key';
	return join '|', @keys;
}

# A slot that is there before anything of ours
{
	$publisher->safe_psql('postgres', 'CREATE DATABASE early');
	$publisher->safe_psql('early', "SELECT pg_create_logical_replication_slot('early', 'test_decoding')");
	$publisher->safe_psql('early', 'CREATE EXTENSION contact_guard');
	cmp_ok(scalar(my @key = key('early')), '>=', 1, 'the key is in its table');
	my @early = changes('early', 'early');
	cmp_ok(scalar(grep { /contact_guard\.journal_state: INSERT/ } @early), '==', 1, 'the state that CREATE EXTENSION makes is decoded');
	my $key = any_of(@key);
	is(scalar(grep { /$key/i } @early), 0, '... the key is not');
	is(scalar(grep { /contact_guard\.journal_key.*\[/ } @early), 0, '... nor its row');
	$publisher->safe_psql('postgres', "SELECT pg_drop_replication_slot('early')");
}
my $key = any_of(key('crm'));

# What writes our tables, from here on; in the mean time nobody changes the CRM's
$publisher->safe_psql('crm', "SELECT pg_create_logical_replication_slot('late', 'test_decoding'), pg_create_logical_replication_slot('binary', 'pgoutput')");
as($publisher, 'crm', 'dispatcher', 'SELECT phone FROM crm.person');
as($publisher, 'crm', 'anna', 'SELECT phone FROM crm.person');
as($publisher, 'crm', 'eve', qq(SET application_name = 'APPLICATION'; SELECT phone FROM crm.person WHERE id = 'PERSON-5'));
is(log_rows($publisher, 'crm', "customer = 'PERSON-5'"), 3, 'reads are on record on a publisher');
foreach my $case ([ 'allow', q(SELECT contact_guard.allow('eve', 'x'); SELECT contact_guard.allow('eve', 'y')) ],
	[ 'disallow', q(SELECT contact_guard.disallow('eve')) ],
	[ 'hold', q(SELECT contact_guard.hold('PERSON-7', 'SUIT')) ],
	[ 'release_hold', q(SELECT contact_guard.release_hold('PERSON-7')) ],
	[ 'hold again', q(SELECT contact_guard.hold('PERSON-7', 'SUIT')) ],
	[ 'erase_customer', q(SELECT contact_guard.erase_customer('PERSON-9', 'asked')) ],
	[ 'erase_actor', q(SELECT contact_guard.erase_actor('eve', 'left')) ],
	[ 'open_intervention', q(SELECT contact_guard.open_intervention('PERSON-7', 'anna', now(), now() + interval '1 h')) ],
	[ 'close_intervention', q(SELECT contact_guard.close_intervention(1)) ],
	[ 'purge', q(SELECT contact_guard.purge(now(), 'old')) ],
	[ 'unprotect', q(SELECT contact_guard.unprotect('crm.customer')) ])
{
	my ($name, $sql) = @$case;
	my $user = $name eq 'unprotect' ? 'postgres' : 'admin';
	my ($out, $err) = as($publisher, 'crm', $user, "SET client_min_messages = error; $sql");
	is($err, '', "$name works on a publisher");
}
is($publisher->safe_psql('crm', "SELECT count(*), count(customer) FROM contact_guard.log WHERE customer_commitment IS NOT NULL"), '2|0', 'erasure takes the values and leaves the commitments');
is($publisher->safe_psql('crm', "SELECT count(*) FROM contact_guard.log WHERE actor = 'eve' AND event <> 'policy'"), 0, '... of the actor, too');
is($publisher->safe_psql('crm', q(SELECT contact_guard.sync(); SELECT count(*) FROM contact_guard.log WHERE sha256('\x00'::bytea || contact_guard.leaf(seq))
	IS DISTINCT FROM substr(contact_guard.tile(0, 0), seq::int * 32 + 1, 32))) =~ s/\s//gr, 0, '... and each row is its leaf');
my @late = changes('crm', 'late');
cmp_ok(scalar(@late), '>', 10, 'changes are decoded');
is(scalar(grep { /PERSON-(?!7)/ } grep { !/crm\./ } @late), 0, 'no customer who was read is in any')
  or diag(join "\n", grep { /PERSON/ } @late);
is(scalar(grep { /PERSON-7/ } grep { !/contact_guard\.intervention/ } @late), 0, '... nor one that is held');
is(scalar(grep { /APPLICATION|'dispatcher'/ } @late), 0, '... nor who read');
is(scalar(grep { /contact_guard\.(log_|restored_log|held|journal_key).*\[/ } @late), 0, '... nor any row of the log, the holds or the key');
$key = any_of($key, key('crm'));
is(scalar(grep { /$key/i } @late), 0, '... nor the key');
my $stream = join '', split /\n/, $publisher->safe_psql('crm',
	"SELECT encode(data, 'hex') FROM pg_logical_slot_get_binary_changes('binary', NULL, NULL, 'proto_version', '3', 'publication_names', 'everything')");
is(scalar(() = $stream =~ /$key/g), 0, 'pgoutput has neither the key');
is(scalar(() = $stream =~ /@{[ unpack 'H*', 'PERSON-9' ]}|@{[ unpack 'H*', 'PERSON-5' ]}/g), 0, '... nor a customer');

{
	# A copy of the database begins a journal of its own, with a key of its own
	$publisher->safe_psql('postgres', "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name IN ('late', 'binary')");
	$publisher->safe_psql('postgres', 'CREATE DATABASE copy TEMPLATE crm');
	$publisher->safe_psql('copy', "SELECT pg_create_logical_replication_slot('copied', 'test_decoding')");
	as($publisher, 'copy', 'dispatcher', 'SELECT phone FROM crm.person LIMIT 3');
	is(log_rows($publisher, 'copy', "event = 'epoch' AND reason LIKE 'a copy%'"), 1, 'a copy of the database');
	my @new = key('copy');
	cmp_ok(scalar(@new), '>=', 1, '... has a key');
	is(scalar(grep { /$key/ } @new), 0, '... of its own');
	my $changes = $publisher->safe_psql('copy', "SELECT string_agg(data, E'\\n') FROM pg_logical_slot_get_changes('copied', NULL, NULL) WHERE data NOT LIKE 'message:%'");
	like($changes, qr/journal_state: UPDATE/, '... whose state is decoded');
	my $both = any_of($key, @new);
	unlike($changes, qr/$both/i, '... and no key');
	$publisher->safe_psql('postgres', "SELECT pg_drop_replication_slot('copied')");
}

# A subscriber with the extension: its tables are its own
my $subscriber = guard_node('subscriber', { allows_streaming => 'logical' }, 'wal_level = logical');
make_roles($subscriber);
make_crm($subscriber, 'crm', 0);
$subscriber->safe_psql('crm', q(SET client_min_messages = error; TRUNCATE crm.plain; TRUNCATE crm.intervention; SELECT contact_guard.unprotect('crm.customer');
	CREATE TABLE crm.person (id text PRIMARY KEY, phone text);
	SELECT contact_guard.protect('crm.plain', 'id', '{word}');));
as($subscriber, 'crm', 'dispatcher', 'SELECT word FROM crm.plain');
my $tables = q(SELECT (SELECT count(*) FROM contact_guard.log WHERE event NOT IN ('audit_read', 'heartbeat')), (SELECT string_agg(p::text, ';') FROM contact_guard.permission p),
	(SELECT count(*) FROM contact_guard.held), (SELECT count(*) FROM contact_guard.intervention), (SELECT count(*) FROM contact_guard.restored_log));
$subscriber->safe_psql('crm', 'SELECT contact_guard.sync()');
my $own = $subscriber->safe_psql('crm', $tables);
$publisher->safe_psql('crm', 'ALTER PUBLICATION everything SET (publish_via_partition_root = true)');
my $connection = 'host=' . $publisher->host . ' port=' . $publisher->port . ' dbname=crm';
$subscriber->safe_psql('crm', "CREATE SUBSCRIPTION everything CONNECTION '$connection' PUBLICATION everything");
ok($subscriber->poll_query_until('crm', "SELECT count(*) = 0 FROM pg_subscription_rel WHERE srsubstate NOT IN ('r', 's')"), 'all tables come to a subscriber')
  or diag($subscriber->safe_psql('crm', "SELECT srrelid::regclass, srsubstate FROM pg_subscription_rel"), slurp_file($subscriber->logfile));
is($subscriber->safe_psql('crm', 'SELECT count(*) FROM crm.person'), 60, '... those of the CRM with their rows');
$publisher->safe_psql('crm', q(SET client_min_messages = error; SELECT contact_guard.allow('anna', 'more'); SELECT contact_guard.allow('eve', 'more'); SELECT contact_guard.disallow('dispatcher');
	SELECT contact_guard.release_hold('PERSON-7'); SELECT contact_guard.open_intervention('1', 'anna', now(), now() + interval '1 h')));
as($publisher, 'crm', 'anna', 'SELECT phone FROM crm.person');
$publisher->safe_psql('crm', q(INSERT INTO crm.person VALUES ('LAST', 'PHONE')));
ok($subscriber->poll_query_until('crm', "SELECT count(*) = 1 FROM crm.person WHERE id = 'LAST'"), '... and later changes') or diag(slurp_file($subscriber->logfile));
$subscriber->safe_psql('crm', 'SELECT contact_guard.sync()');
is($subscriber->safe_psql('crm', $tables), $own, 'the log, the permissions and the rest of the subscriber are its own');
ok(log_is_whole($subscriber, 'crm'), '... its log is whole');
is(as($subscriber, 'crm', 'dispatcher', "SELECT count(DISTINCT word) FROM crm.plain"), '1000', '... and its permissions count');
is($subscriber->safe_psql('crm', "SELECT problems::text LIKE '%subscription everything has tables of contact_guard%' FROM contact_guard.status()"), 't', 'status() names the subscription');
is($publisher->safe_psql('crm', "SELECT problems::text LIKE '%publication everything publishes tables of contact_guard%' FROM contact_guard.status()"), 't', '... and the publication');
unlike(slurp_file($subscriber->logfile), qr/ERROR/, 'no worker has failed');
# Whoever can write as a replica writes nothing either
{
	my ($out, $err) = as($subscriber, 'crm', 'postgres', "SET session_replication_role = replica; DELETE FROM contact_guard.permission");
	is(state_of($err), '42501', 'a session that plays replica is refused');
}
$subscriber->stop;
$publisher->stop;
done_testing();
