# A library whose tables, results and messages are not quite what it knows.  059_versions
# has extensions of another version, which are refused as such; here the version is the
# same, and a superuser alters the tables while the library is not loaded: columns are
# found by name, more of them are left alone, and nothing is read beyond an array.
use strict;
use warnings;

use Digest::SHA qw(hmac_sha256);
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('library');
make_roles($node);
make_crm($node, 'crm', 60);
my $without = 0;				# runs of the server without the library
sub sql { return $node->safe_psql('crm', shift) }

sub read_phone
{
	my ($id, $application) = @_;
	return as($node, 'crm', 'anna', "SET application_name = '$application'; SELECT phone FROM crm.customer WHERE id = $id");
}

# Commands of a superuser on a server without the library.
sub altered
{
	my (@commands) = @_;
	my $result;
	$without++;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->restart;
	$result = ref $_ ? $_->() : sql($_) foreach @commands;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->restart;
	return $result;
}

is(read_phone(3, 'before'), phone_of(3), 'anna sees a value');
is(log_rows($node, 'crm', "event = 'shown' AND application = 'before'"), 1, '... and it is recorded');

# 1. A later version: more columns, which may be null or have a value of their own, in
# another order, and a result with one more.
my $status = sql("SELECT pg_get_functiondef('contact_guard.status()'::regprocedure)");
my $later = $status =~ s/OUT guard text/OUT later text, OUT guard text/r;
isnt($later, $status, 'a status() of a later version');
altered(
	"ALTER TABLE contact_guard.log ADD later text; ALTER TABLE contact_guard.restored_log ADD later text;
	 ALTER TABLE contact_guard.held ADD later text; ALTER TABLE contact_guard.journal_key ADD later text;
	 ALTER TABLE contact_guard.journal_passed ADD later text; ALTER TABLE contact_guard.query_text ADD later text NOT NULL DEFAULT 'x';
	 ALTER TABLE contact_guard.permission ADD later text; ALTER TABLE contact_guard.intervention ADD later text;
	 ALTER TABLE contact_guard.journal_state ADD later text NOT NULL DEFAULT 'x', DROP origin_number;
	 ALTER TABLE contact_guard.journal_state ADD origin_number integer NOT NULL DEFAULT 1;
	 ALTER TABLE contact_guard.permission DROP purpose; ALTER TABLE contact_guard.permission ADD purpose text NOT NULL DEFAULT 'planning'",
	"UPDATE contact_guard.log SET later = 'kept' WHERE customer = '3'",
	'ALTER EXTENSION contact_guard DROP FUNCTION contact_guard.status(); DROP FUNCTION contact_guard.status()',
	# It loads the library; the next command is another session's.
	$later, 'ALTER EXTENSION contact_guard ADD FUNCTION contact_guard.status()');
is(read_phone(4, 'later'), phone_of(4), 'a later version of the tables: anna sees a value');
is(as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 50'), phone_of(50), '... the dispatcher has his permission');
is(log_rows($node, 'crm', "event = 'shown' AND application = 'later'"), 1, '... reads are recorded');
ok(log_is_whole($node, 'crm', $without), '... the log is whole');
is(sql("SELECT later IS NULL AND guard = 'on' AND rejected_messages = 0 AND problems[1] ~ 'records are missing: 1 ' AND cardinality(problems) = 1 FROM contact_guard.status()"), 't', '... status() fills what it knows');
is(sql("SELECT contact_guard.hold('4', 'a complaint'); SELECT reason FROM contact_guard.held") =~ s/^\n//r, 'a complaint', '... holds go on');
is(sql("SELECT contact_guard.erase_customer('3', 'asked for')"), 1, '... erasures');
is(sql("SELECT customer IS NULL AND customer_commitment IS NOT NULL AND later = 'kept' AND leaf_version = 2 FROM contact_guard.log WHERE application = 'before' AND event = 'shown'"),
	't', '... which leave alone what they do not know');
is(sql("SELECT contact_guard.open_intervention('7', 'anna', now(), now() + interval '1 h'); SELECT id IS NOT NULL FROM contact_guard.open_interventions() LIMIT 1") =~ s/\n.*//sr,
	1, '... interventions');
like((as($node, 'crm', 'postgres', 'COPY contact_guard.restored_log TO STDOUT'))[0], qr/^\d+\t.*\t2\trole\t\\N\t\d[^\t]*\t\d[^\t]*\t\\N\t\\N\t\\\\x[0-9a-f]{64}\tkept$/m, '... a dump has the whole log, with the columns of that version');

# 2. A later version without which a row cannot be
my $refused = qr/table "contact_guard.log" is not the one that this version of contact_guard uses.*It has a column "must" that must not be null, and that this library does not know/s;
altered('ALTER TABLE contact_guard.log ADD must integer NOT NULL DEFAULT 1');
like((read_phone(5, 'must'))[1], $refused, 'a column that must not be null: reads are refused');
like((as($node, 'crm', 'postgres', 'SELECT * FROM contact_guard.status()'))[1], $refused, '... so is status()');
is((as($node, 'crm', 'anna', 'SELECT count(*) FROM crm.plain'))[0], 1000, '... and nothing else');
altered('ALTER TABLE contact_guard.log DROP must');
is(read_phone(5, 'must not'), phone_of(5), '... until it is gone');
is(log_rows($node, 'crm', "event = 'shown' AND application = 'must not'"), 1, '... and reads are recorded');

# 3. An earlier version, which lacks a column
altered('ALTER TABLE contact_guard.tile_edge RENAME hashes TO hash');
like((read_phone(6, 'earlier'))[1], qr/table "contact_guard.tile_edge".*It has no column "hashes"/s, 'a column that is missing: reads are refused');
altered('ALTER TABLE contact_guard.tile_edge RENAME hash TO hashes');
is(read_phone(6, 'mended'), phone_of(6), '... until it is there');
ok(log_is_whole($node, 'crm', $without), '... the log is whole');

# 4. Messages of a later version, as a server with a later library has left them; only
# who has the key can make one.
sub message
{
	my ($version, $counter, $items) = @_;
	my ($system, $database, $epoch, $key) = journal_key($node, 'crm');
	my $position = sql(q(SELECT pg_current_wal_insert_lsn() - '0/0'));
	my $header = pack('CCNq>Nq>q>', $version, 0, $epoch, 12345678, 4711, $counter, $position);
	my $mac = hmac_sha256("contact_guard journal\0" . pack('q>N', $system, $database) . $header . $items, $key);
	sql("SELECT pg_logical_emit_message(false, 'contact_guard', '\\x" . unpack('H*', $header . $mac . $items) . "'::bytea)");
	return;
}
my $offset = -s $node->logfile;
my $rejected = sql('SELECT rejected_messages FROM contact_guard.status()');
message(5, 1, 'whatever a later version writes');
message(0, 2, 'x');
is(read_phone(8, 'behind'), phone_of(8), 'behind a message of a later version values are shown');
is(log_rows($node, 'crm', "event = 'shown' AND application = 'behind'"), 1, '... and recorded');
like(sql("SELECT reason FROM contact_guard.access_log WHERE event = 'gap' AND reason !~ '^the server ran without'"),
	qr/^message 1 of session \S+ at \S+ is of version 5, which contact_guard \S+ does not know: its bytes are in contact_guard\.journal_passed$/, '... a gap record says so');
is(sql("SELECT convert_from(substr(message, 67), 'UTF8') FROM contact_guard.journal_passed"), 'whatever a later version writes', '... its bytes are kept');
like(slurp_file($node->logfile, $offset), qr/WARNING:  contact_guard has recorded a gap in its access log as seq \d+: message 1 of session \S+ at \S+ is of version 5/,
	'... and the server log warns of it');
is(sql('SELECT rejected_messages FROM contact_guard.status()') - $rejected, 1, 'one of no version is rejected');
unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal/, 'the server has not crashed');
$node->stop;
done_testing();
