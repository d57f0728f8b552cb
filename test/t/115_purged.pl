# What verify says of purges in logs that the recorder wrote: their rows have what rows have, which a
# server that is made of tables need not have.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
my ($out, $vkey);
IPC::Run::run([ 'contact-guard', 'keygen', '--origin', 'example.org/log', '--out', "$dir/key" ], '>', \$vkey) or die 'keygen';
chomp $vkey;
my $node = guard_node('purged', { allows_streaming => 1 }, 'contact_guard.checkpoint_interval = 1', 'contact_guard.heartbeat_interval = 1', 'contact_guard.min_retention = 0', 'autovacuum = off');
make_roles($node);
sub sql { return $node->safe_psql(@_) =~ s/^\s+//r }
sub reads { my ($db, @ids) = @_; return as($node, $db, 'dispatcher', join '; ', map { "SELECT phone FROM crm.customer WHERE id = $_" } @ids) }

# verified(DATABASE, STATUS, PATTERN, NAME): of what is signed when all that was made is in the log
sub verified
{
	my ($db, $want, $pattern, $name) = @_;
	my $size = sql($db, 'SELECT contact_guard.sync(); SELECT log_size FROM contact_guard.status()');
	foreach (1 .. 600)
	{
		last if sql($db, "SELECT coalesce(last_checkpoint, 0) >= $size FROM contact_guard.status()") eq 't';
		usleep(50_000);
	}
	my $dsn = $node->connstr($db);
	IPC::Run::run([ 'contact-guard', 'verify', $dsn, '--vkey', $vkey ], '>', \$out, '2>&1');
	return ok($? == $want << 8 && $out =~ $pattern, $name) || diag("status $?: $out");
}

# Does what SQL of each database says while the library is not loaded.
sub without_library
{
	my (%sql) = @_;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->restart;
	sql($_, $sql{$_}) foreach sort keys %sql;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->restart;
	return;
}

# Rows that satisfy a condition become those of an old month, before anything is signed; the recorder makes the tree anew.
sub of_january
{
	my ($condition) = @_;
	return "TRUNCATE contact_guard.tile_full, contact_guard.tile_edge;
		CREATE TABLE contact_guard.log_2024_01 (LIKE contact_guard.log INCLUDING ALL);
		ALTER TABLE contact_guard.log ATTACH PARTITION contact_guard.log_2024_01 FOR VALUES FROM ('2024-01-01 00:00+00') TO ('2024-02-01 00:00+00');
		ALTER EXTENSION contact_guard ADD TABLE contact_guard.log_2024_01;
		UPDATE contact_guard.log SET read_at = timestamptz '2024-01-10 00:00+00' + seq * interval '1 s' WHERE $condition";
}

# The record of a purge of one read, as one who has the journal's key makes it
my $false_purge = "INSERT INTO contact_guard.log (seq, read_at, event, count, reason, actor, login, actor_salt, leaf_version)
	SELECT s.log_size, now(), 'purge', 1, format('1 months before 2024-02-01 00:00:00+00, seq %s to %s: retention', l.seq, l.seq), 'postgres', 'postgres', decode(repeat('5a', 16), 'hex'), l.leaf_version
	FROM contact_guard.journal_state s, contact_guard.log l WHERE l.event = 'shown' AND l.customer = '8';
	UPDATE contact_guard.journal_state SET log_size = log_size + 1";

foreach my $db (qw(single honest undone))
{
	make_crm($node, $db, 30);
	reads($db, 1 .. 10, 7);
	sql($db, 'SELECT contact_guard.sync(); SELECT contact_guard.sync()');
}
without_library(single => of_january('true') . ";$false_purge", honest => of_january('true'), undone => of_january('true'));
$node->append_conf('postgresql.conf', "contact_guard.signing_key_file = '$dir/key'");
$node->reload;
cmp_ok(sql('single', "SELECT count(*) FROM contact_guard.log WHERE customer IS NULL AND customer_commitment IS NULL AND octet_length(actor_salt) = 16 AND read_at < '2024-02-01'"), '>', 0,
	'rows without a customer have the secret of all salts');
verified('single', 0, qr/ there, the record seq \d+ row .*^good$/ms, 'the record of a purge that names a row which is there');
without_library(single => "DELETE FROM contact_guard.log WHERE event = 'shown' AND customer = '8'");
verified('single', 1, qr/^seq \d+: the record of a purge names rows of months of which row 0 is still there: purge\(\) removes whole months$/m,
	'a single read removed, and a record of a purge that names it: verify notices');

# What purge() does is no finding.
reads('honest', 8, 9);
sql('honest', "SELECT contact_guard.sync(); SELECT contact_guard.hold('7', 'court'); SELECT contact_guard.erase_customer('9', 'left')");
cmp_ok(sql('honest', "SELECT contact_guard.purge('2024-02-01 00:00+00', 'retention')"), '>', 0, 'a month is purged');
is(sql('honest', "SELECT string_agg(DISTINCT customer, ' ') FROM contact_guard.log WHERE read_at < '2024-02-01'"), '7', '... but for a customer who is held');
verified('honest', 0, qr/^good$/m, '... and verify finds nothing');
unlike($out, qr/purged rows|names rows/, '... nor doubts it');
sql('honest', "SELECT contact_guard.release_hold('7', 'settled'); SELECT contact_guard.purge('2024-02-01 00:00+00', 'retention')");
verified('honest', 0, qr/^good$/m, '... nor behind the release of the hold');

# --- A record whose transaction did not commit ---

# PostgreSQL refuses these tables at the commit, behind the records of the transaction.
sub fails_to_commit
{
	my ($call) = @_;
	return like((as($node, 'undone', 'postgres', "BEGIN; CREATE TEMP TABLE a (id int PRIMARY KEY) ON COMMIT DELETE ROWS; CREATE TEMP TABLE b (id int REFERENCES a);
		SELECT contact_guard.$call; COMMIT"))[1], qr/ERROR:\s+0A000: unsupported ON COMMIT/, "a commit fails behind $call");
}

sub newest { return sql('undone', "SELECT contact_guard.sync(); SELECT reason FROM contact_guard.log WHERE event IN ('policy', 'purge', 'erasure', 'epoch') ORDER BY seq DESC LIMIT 1") }
sql('undone', "SELECT contact_guard.hold('7', 'court')");
fails_to_commit("erase_customer('9', 'left')");
like(newest(), qr/^not committed: a customer, seq \d+ to \d+: left$/, '... and its record says so');
fails_to_commit("erase_actor('dispatcher', 'left')");
like(newest(), qr/^not committed: an actor, seq .*: left$/, '... so it is with readers');
fails_to_commit("hold('8', 'court')");
like(newest(), qr/^not committed: hold, seq /, '... with holds');
fails_to_commit("release_hold('7')");
is(newest(), 'not committed: release hold', '... with their releases');
fails_to_commit("new_epoch('the reason')");
like(newest(), qr/^not committed: new epoch /, '... and with names of the log');
fails_to_commit("purge('2024-02-01 00:00+00', 'retention')");
like(newest(), qr/^not committed: 1 months before 2024-02-01 00:00:00\+00, seq 0 to \d+.*: retention$/, '... and with purges');
my $undone = newest();

# The commit waits for a standby, which has not the record: the recorder waits for the transaction.
$node->append_conf('postgresql.conf', "synchronous_standby_names = 'nobody'");
$node->reload;
my $session = session($node, 'undone', 'postgres');
my $pid = $session->query_safe('SELECT pg_backend_pid()');
$session->query_until(qr/asked/, "\\echo asked\nSELECT contact_guard.erase_customer('9', 'waits');\n");
ok($node->poll_query_until('undone', "SELECT wait_event = 'SyncRep' FROM pg_stat_activity WHERE pid = $pid"), 'an erasure waits for a standby');
$node->safe_psql('postgres', "SELECT pg_cancel_backend($pid)");
$node->append_conf('postgresql.conf', "synchronous_standby_names = ''");
$node->reload;
$session->quit;
like(newest(), qr/^not committed: a customer, seq \d+ to \d+: waits$/, '... until it was cancelled');

is(sql('undone', "SELECT contact_guard.erase_customer('9', 'left')"), 1, 'erased after all');
like(newest(), qr/^a customer, seq /, '... on record');
verified('undone', 0, qr/^good$/m, 'verify has nothing against these records');
unlike($out, qr/names? rows|purged rows/, '... and takes none of them for one of something done');
my ($from, $to) = $undone =~ /seq (\d+) to (\d+)/;
without_library(undone => "DELETE FROM contact_guard.log WHERE seq BETWEEN $from AND $to");
verified('undone', 1, qr/^seq $from: the row is missing, and no purge record says so$/m, 'the rows removed that a purge named which did not commit: verify notices');
$node->stop;
done_testing();
