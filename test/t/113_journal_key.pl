# The keys that seal the journal.  Each run of the server has a new one, so that a key which an
# old backup shows seals nothing.  A message whose number was taken is not passed over.
# rotate_journal_key() makes a new one at once.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = guard_node('journal_key', { allows_streaming => 1 }, 'autovacuum = off', 'restart_after_crash = off');
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

# The newest key in a base backup: its server runs without the library, and elsewhere.
sub key_of_backup
{
	my ($name) = @_;
	my $copy = PostgreSQL::Test::Cluster->new("thief_$name");
	$copy->init_from_backup($node, $name);
	$copy->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$copy->start;
	my $key = $copy->safe_psql('crm', q(SELECT system_identifier, database, s.epoch, encode(mac_key, 'hex') FROM contact_guard.journal_state s, contact_guard.journal_key ORDER BY number DESC LIMIT 1));
	$copy->stop('immediate');
	return $key;
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
is(forged(), 0, 'what is written while the library is not loaded counts as little');
is(sql('SELECT rejected_messages FROM contact_guard.status()') - $rejected, 2, '... and as rejected, though the key is that of the last run');
$node->backup('live');
my $live = key_of_backup('live');
message($live, 1, '2');
read_phones(1, 1, 'behind');
is(forged(), 1, 'who has the key of this run can write into the journal while the run lasts');

# 2. A number that was taken is a record of its own, and hides nothing.
message($live, 2, '3'), message($live, 2, '4'), message($live, 2, '5', 2);
read_phones(1, 1, 'behind');
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
unlike(sql('SELECT proposals FROM contact_guard.status()'), qr/REVOKE/, 'done: it is not proposed any more');
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

# 4. rotate_journal_key(): the key of a base backup seals nothing from then on, in the same run.
sub rotate { return sql('SELECT contact_guard.rotate_journal_key()') }
sub rejected { return sql('SELECT contact_guard.sync(); SELECT rejected_messages FROM contact_guard.status()') =~ s/^\n//r }
sub shown { my ($application) = @_; return log_rows($node, 'crm', "event = 'shown' AND application = '$application'") }

$node->safe_psql('postgres', 'CREATE ROLE ruth LOGIN; GRANT contact_guard_admin TO ruth');
like((as($node, 'crm', 'anna', 'SELECT contact_guard.rotate_journal_key()'))[1], qr/42501/, 'only an admin may rotate the key');
read_phones(1, 1, 'before the backup');
$node->backup('day');
my $stolen = key_of_backup('day');
message($stolen, 11, '6');
read_phones(1, 1, 'behind it');
is(forged("customer = '6'"), 1, 'the key of a base backup seals as long as the run lasts');
message($stolen, 12, '7');

my $reader = session($node, 'crm', 'anna');
$reader->query("SET application_name = 'open'; BEGIN; SELECT phone FROM crm.customer WHERE id = 1");
my $idle = session($node, 'crm', 'anna');
$idle->query("SET application_name = 'idle'; SELECT phone FROM crm.customer WHERE id = 1");
# Its withheld reads are written when the transaction ends.
my $late = session($node, 'crm', 'eve');
$late->query("SET application_name = 'late'; BEGIN; DECLARE c CURSOR FOR SELECT phone FROM crm.customer ORDER BY id; FETCH 1 FROM c");
my $before = rejected();
my $conflicts = log_rows($node, 'crm', "event = 'conflict'");
my $damaged = log_rows($node, 'crm', "event IN ('gap', 'conflict')");
is((as($node, 'crm', 'ruth', 'SELECT contact_guard.rotate_journal_key()'))[1], '', 'an admin rotates the key');
$reader->query('SELECT phone FROM crm.customer WHERE id = 2; COMMIT; SELECT phone FROM crm.customer WHERE id = 3');
$idle->query('SELECT phone FROM crm.customer WHERE id = 2');
$late->query('FETCH 1 FROM c; COMMIT');
is(shown('open'), 3, 'a session in the middle of a transaction loses no record');
is(shown('idle'), 2, '... nor does one that is idle');
is(log_rows($node, 'crm', "event = 'withheld' AND application = 'late'"), 2, '... nor one with an open cursor');
is(forged("customer = '7'"), 1, 'what the old key has sealed before the rotation is a record');
is(sql("SELECT actor, login, count(*), bool_and(read_at > now() - interval '1 h') FROM contact_guard.access_log WHERE event = 'key' AND reason = 'a new key for the journal is asked for' GROUP BY 1, 2"),
	'ruth|ruth|1|t', 'a record says who asked for a new key, and when');
ok(has_told('crm', 1), '... and one of the recorder where in WAL it begins');
message($stolen, 13, '8');
message($stolen, 12, '9');
read_phones(1, 1, 'after');
is(forged("customer IN ('8', '9')"), 0, 'what the old key seals after the rotation is not a record, with a new number or with one that was taken');
is(rejected() - $before, 2, '... and counts as rejected');
is(log_rows($node, 'crm', "event = 'conflict'"), $conflicts, '... and is not a conflict, since whoever has the old key could fill the log with them');
$_->quit foreach $reader, $idle, $late;

# Sessions seal while the key is replaced again and again.
{
	my @reads = (join '; ', "SET application_name = 'many'", map { 'SELECT phone FROM crm.customer WHERE id = ' . (1 + $_ % 20) } 1 .. 300) x 3;
	my @readers = map { IPC::Run::start([ 'psql', '-X', '-q', '-o', '/dev/null', '-d', $node->connstr('crm') . ' user=anna', '-f', '-' ], '<', \$_) } @reads;
	rotate() foreach 1 .. 40;
	$_->finish foreach @readers;
}
is(shown('many'), 900, 'no record is lost, whenever the key is replaced');
is(rejected() - $before, 2, '... and no message is taken for a false one');
sql('SELECT contact_guard.sync()');
is(log_rows($node, 'crm', "event IN ('gap', 'conflict')"), $damaged, '... and none is missing');

# Who asks, and does not wait: the key comes later, and the record of the recorder says so.
{
	my $told = told('crm');
	my $locker = lock_log($node, 'crm');
	like((as($node, 'crm', 'ruth', "SET statement_timeout = '1s'; SELECT contact_guard.rotate_journal_key()"))[1], qr/57014/, 'a call can be cancelled while the recorder waits');
	is(told_now('crm'), $told, '... and then no record says that a new key seals');
	$locker->query('COMMIT');
	$locker->quit;
	ok(has_told('crm', $told + 1), '... before the recorder has made it');
	is(sql("SELECT actor IS NULL, reason ~ '^a new key seals the journal from [0-9A-F]+/[0-9A-F]+ on\$' FROM contact_guard.access_log WHERE event = 'key' ORDER BY seq DESC LIMIT 1"), 't|t', '... and that record follows the one of the call');
}

# A call that would wait for its own transaction
like((as($node, 'crm', 'postgres', 'BEGIN; LOCK TABLE contact_guard.query_text IN EXCLUSIVE MODE; SELECT contact_guard.rotate_journal_key()'))[1],
	qr/ERROR:  25001: .*^DETAIL:  .*contact_guard\.query_text/ms, 'a transaction that keeps the recorder from its tables cannot rotate');

# A server that is never idle
{
	my $reads = join '; ', "SET application_name = 'busy'", map { 'SELECT phone FROM crm.customer WHERE id = ' . (1 + $_ % 20) } 1 .. 20_000;
	my @readers = map { IPC::Run::start([ 'psql', '-X', '-q', '-o', '/dev/null', '-d', $node->connstr('crm') . ' user=anna', '-f', '-' ], '<', \$reads, '2>', '/dev/null') } 1 .. 8;
	my $told = told('crm');
	my $refused = (as($node, 'crm', 'postgres', 'SELECT contact_guard.rotate_journal_key(); ' x 40))[1];
	$_->kill_kill foreach @readers;
	is($refused, '', 'keys are forgotten as soon as what they have sealed is stored, while others write');
	ok(has_told('crm', $told + 40), '... and each new key has its record');
}

# The extension is made anew, in an open session.  What that session knows of keys is of no use.
{
	make_crm($node, 'again', 20);
	$node->safe_psql('again', 'SELECT contact_guard.rotate_journal_key()');
	my $cursor = 'BEGIN; DECLARE c CURSOR FOR SELECT phone FROM crm.customer ORDER BY id; FETCH 1 FROM c';
	my $open = session($node, 'again', 'eve');
	$open->query("SET application_name = 'open'; $cursor; COMMIT");
	$node->safe_psql('again', 'SELECT contact_guard.retire(); DROP EXTENSION contact_guard');
	# Then shared memory has forgotten the journal, too.
	usleep(100_000) while $node->safe_psql('postgres', "SELECT count(*) FROM pg_stat_activity WHERE datname = 'again' AND backend_type ~ 'recorder'") ne '0';
	like((as($node, 'again', 'postgres', 'BEGIN; CREATE EXTENSION contact_guard; SELECT contact_guard.rotate_journal_key()'))[1],
		qr/ERROR:  25001: .*^HINT:  .*transaction of its own/ms, 'nor can one that has created the extension');
	$node->safe_psql('again', q(
		SET client_min_messages = error;
		CREATE EXTENSION contact_guard;
		SELECT contact_guard.use_interventions('crm.intervention', id => 'id', customer => 'customer_id', technician => 'technician', opens_at => 'starts_at', closes_at => 'ends_at');
		SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}', mask => 'partial(2,1)')));
	$open->query($cursor);
	$node->safe_psql('again', 'SELECT contact_guard.rotate_journal_key()');
	$open->query('COMMIT');
	is(log_rows($node, 'again', "event = 'withheld' AND application = 'open'"), 1, 'a session that is older than the extension seals with its new key');
	is($node->safe_psql('again', 'SELECT rejected_messages FROM contact_guard.status()'), 0, '... and nothing is rejected');
	$open->quit;
}

# A crash, wherever it comes
foreach my $round (0 .. 5)
{
	my $rotating = IPC::Run::start([ 'psql', '-X', '-q', '-d', $node->connstr('crm'), '-f', '-' ], '<', \('SELECT contact_guard.rotate_journal_key();' x 200), '>', '/dev/null', '2>', '/dev/null');
	read_phones(1, 5, "round $round");
	usleep($round * 17_000);
	rotate() if $round == 5;
	read_phones(6, 10, "round $round");
	kill_server($node);
	$rotating->finish;
	slow_start($node);
	is(shown("round $round"), 10, "crash $round while keys are replaced: all records are there");
}
is(log_rows($node, 'crm', "event IN ('gap', 'conflict')"), $damaged, '... and no other is missing');
$before = rejected();
message($stolen, 15, '10');
read_phones(1, 1, 'after');
is(rejected() - $before, 1, '... and the stolen key seals nothing still');

# A standby has the key when it has a message.  The recorder has stored none of these.
$node->backup('standby');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($node, 'standby', has_streaming => 1);
$standby->start;
rotate();
my $locker = lock_log($node, 'crm');
read_phones(1, 20, 'lost server');
$node->wait_for_catchup($standby, 'replay', $node->lsn('flush'));
my $gone = key_of_backup('standby');
kill_server($node);
$locker->{run}->finish;
$standby->promote;
$node = $standby;
is(shown('lost server'), 20, 'after a promotion, what the new key has sealed is on record');
rotate();
read_phones(1, 3, 'promoted');
is(shown('promoted'), 3, '... and the promoted server replaces its key, too');
$before = rejected();
message($gone, 1, '11');
read_phones(1, 1, 'after');
is(forged("customer = '11'"), 0, '... and a key of the lost server seals nothing');
is(rejected() - $before, 1, '... but counts as rejected');
is(log_rows($node, 'crm', "event IN ('gap', 'conflict')"), $damaged, '... and nothing is missing');
$node->stop;
done_testing();

# How many keys the recorder says it has made
sub told_now
{
	my ($dbname) = @_;
	return $node->safe_psql($dbname, "SELECT count(*) FROM contact_guard.access_log WHERE event = 'key' AND reason ~ '^a new key seals the journal from'");
}

# The same, when everything is recorded
sub told
{
	my ($dbname) = @_;
	$node->safe_psql($dbname, 'SELECT contact_guard.sync()');
	return told_now($dbname);
}

# The recorder's record comes soon after what the earlier keys have sealed.
sub has_told
{
	my ($dbname, $number) = @_;
	return $node->poll_query_until($dbname, "SELECT count(*) >= $number FROM contact_guard.access_log WHERE event = 'key' AND reason ~ '^a new key seals the journal from'");
}
