# The keys that seal the journal.  Each run of the server has a new one, so that a key which an
# old backup shows seals nothing.  A message whose number was taken is not passed over.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('journal_key', 'autovacuum = off');
make_roles($node);
make_crm($node, 'crm', 200);
sub sql { return $node->safe_psql('crm', shift) }

sub read_phones
{
	my ($from, $to, $application) = @_;
	return as($node, 'crm', 'anna', "SET application_name = '$application'; " . join '; ', map { "SELECT phone FROM crm.customer WHERE id = $_" } $from .. $to);
}

my $without = 0;				# runs of the server without the library

# What a superuser does on a server without the library
sub unwatched
{
	my ($do) = @_;
	$without++;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->restart;
	my $result = $do->();
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->restart;
	return $result;
}

# Who the journal is of, and its newest key
sub key
{
	return sql(q(SELECT system_identifier, database, s.epoch, encode(mac_key, 'hex') FROM contact_guard.journal_state s, contact_guard.journal_key ORDER BY number DESC LIMIT 1));
}

# A message of anna's, sealed with a key: one record of a customer.
sub message
{
	my ($identity, $counter, $customer, $flags) = @_;
	my ($system, $database, $epoch, $key) = split /\|/, $identity;
	my $position = sql(q(SELECT pg_current_wal_insert_lsn() - '0/0'));
	my $string = sub { defined $_[0] ? pack('N/a*', $_[0]) : "\xff\xff\xff\xff" };
	my $items = 'C' . join('', map { $string->($_) } 'anna', 'anna', undef, 'forged') . pack('q>q>', 1, 0)
	  . 'R' . pack('Cq>', 1, (time - 946684800) * 1_000_000) . $string->('crm.customer') . pack('n', 1) . $string->('phone')
	  . $string->($customer) . pack('q>', 1) . $string->('1') . pack('q>', -9223372036854775808) . $string->('intervention') . $string->(undef);
	my $header = pack('CCNq>Nq>q>', 3, $flags || 0, $epoch, 12345678, 4711, $counter, $position);
	my $mac = hmac_sha256("contact_guard journal\0" . pack('q>N', $system, $database) . $header . $items, pack('H*', $key));
	sql("SELECT pg_logical_emit_message(false, 'contact_guard', '\\x" . unpack('H*', $header . $mac . $items) . "'::bytea)");
	return;
}

sub forged { return log_rows($node, 'crm', "application = 'forged'" . (@_ ? ' AND ' . shift : '')) }

# 1. An old key seals nothing, in any later run of the server.
read_phones(1, 3, 'first');
is(log_rows($node, 'crm', "event = 'shown' AND application = 'first'"), 3, 'reads of the first run are recorded');
my $old = unwatched(\&key);
my $rejected = sql('SELECT rejected_messages FROM contact_guard.status()');
message($old, 1, '1');
# Nobody announced it, so the recorder comes to it with the next message that is announced.
read_phones(1, 1, 'between');
is(log_rows($node, 'crm', "application = 'between' AND event = 'shown'"), 1, 'there is a read behind it');
is(sql('SELECT rejected_messages FROM contact_guard.status()') - $rejected, 1, 'a message that is sealed with the key of an earlier run counts as rejected');
is(forged(), 0, '... and makes no record');
read_phones(1, 3, 'second');
is(log_rows($node, 'crm', "event = 'shown' AND application = 'second'"), 3, '... and reads of this run are recorded');
my $new = unwatched(sub { my $key = key(); message($key, 1, '2'); return $key });
isnt($new, $old, 'each run has another key');
is(forged(), 1, 'who has the key of the last run can write into the journal while that run lasts');

# 2. A number that was taken is a record of its own, and hides nothing.
unwatched(sub { my $key = key(); message($key, 2, '3'); message($key, 2, '4'); message($key, 2, '5', 2) });
is(forged("customer = '3'"), 1, 'a message with a new number counts');
is(forged("customer = '4'"), 1, '... and so does the next one with this number');
is(forged("customer = '5'"), 0, '... but not one that says that it is the same again');
like(sql("SELECT reason FROM contact_guard.access_log WHERE event = 'conflict'"),
	qr/^message 2 of session \S+ has come twice, at \S+ the second time: the records of one of them may be false$/, 'a record says that the number came twice');
like(sql('SELECT problems FROM contact_guard.status()'), qr/@{[ $without + 1 ]} records of event \S+gap\S+ or \S+conflict/, '... and status() says it');

# The tool of forgers is PostgreSQL's, and everybody's: it is proposed to take it away, not done.
my ($proposal) = sql('SELECT proposals[1] FROM contact_guard.status()');
like($proposal, qr/^REVOKE EXECUTE ON FUNCTION pg_catalog\.pg_logical_emit_message\(boolean,pg_catalog\.text,pg_catalog\.text.*?\), pg_catalog\.pg_logical_emit_message\(boolean,pg_catalog\.text,pg_catalog\.bytea.*?\) FROM PUBLIC$/,
	'status() proposes to take logical messages from PUBLIC');
sql('CREATE DATABASE beside');
like((as($node, 'beside', 'postgres', 'CREATE EXTENSION contact_guard'))[1], qr/NOTICE: .*every role may write logical messages.*^HINT: .*\Q$proposal\E$/ms, '... and CREATE EXTENSION, once it is done');
sql($proposal);
is(sql('SELECT cardinality(proposals) FROM contact_guard.status()'), 0, 'done: nothing is proposed');
like((as($node, 'crm', 'anna', "SELECT pg_logical_emit_message(false, 'x', 'y')"))[1], qr/permission denied/, '... and nobody has it any more');
read_phones(1, 3, 'revoked');
is(log_rows($node, 'crm', "event = 'shown' AND application = 'revoked'"), 3, '... but records go on');

# 3. Whatever is not stored when a run ends is stored with the key of that run.
for my $run (1 .. 4)
{
	read_phones(1, 10, 'crashed');
	kill_server($node);
	$node->start;
}
is(log_rows($node, 'crm', "event = 'shown' AND application = 'crashed'"), 40, 'records of runs that ended by a crash are all there');
is(log_rows($node, 'crm', "event = 'gap' AND reason !~ '^the server ran without contact_guard'"), 0, '... and no other is missing');
sql('SELECT contact_guard.sync()');
cmp_ok(unwatched(sub { sql('SELECT count(*) FROM contact_guard.journal_key') }), '<=', 3, 'keys are forgotten that nothing waits for');
ok(log_is_whole($node, 'crm', $without), 'the log is whole');
$node->stop;
done_testing();
