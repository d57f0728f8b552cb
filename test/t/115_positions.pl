# The recorder's stored position, moved by a superuser on a server without the library: what
# lies before it is recorded nevertheless, or verify says that it is not known.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir;
mkdir "$dir/log", 0700;
IPC::Run::run([ qw(contact-guard keygen --origin example.org/log --out), "$dir/log/key" ], '>', \my $vkey) or die 'no key';
chomp $vkey;
my $node = guard_node('positions', { extra => ['--wal-segsize=1'] }, 'autovacuum = off', 'min_wal_size = 2MB', 'contact_guard.checkpoint_interval = 1',
	'contact_guard.heartbeat_interval = 2', "contact_guard.signing_key_file = '$dir/log/key'");
make_roles($node);
make_crm($node, 'crm', 100);

sub sql { return $node->safe_psql('crm', shift) }
sub reads
{
	is(as($node, 'crm', 'anna', "SELECT phone FROM crm.customer WHERE id = $_"), phone_of($_), "anna reads $_") foreach @_;
	return;
}
sub gaps { return sql("SELECT contact_guard.sync(); SELECT coalesce(string_agg(reason, '; ' ORDER BY seq), '') FROM contact_guard.log WHERE event = 'gap' AND seq > $_[0]") =~ s/^\s+//r }
sub last_seq { return sql('SELECT contact_guard.sync(); SELECT max(seq) FROM contact_guard.log') =~ s/\s+//r }

# What verify says, once the log is signed behind a new heartbeat
sub verified
{
	my $seq = last_seq();
	$node->poll_query_until('crm', "SELECT last_checkpoint > (SELECT min(seq) FROM contact_guard.log WHERE event = 'heartbeat' AND seq > $seq) FROM contact_guard.status()") or die 'not signed';
	IPC::Run::run([ 'contact-guard', 'verify', $node->connstr('crm'), '--vkey', $vkey ], '>&', \my $out);
	return $out;
}

# Makes the server run without the library in between.
sub without
{
	my ($sql) = @_;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->start;
	is($node->safe_psql('crm', "SET ROLE eve; SELECT phone FROM crm.customer WHERE id = 50"), phone_of(50), 'without the library eve reads');
	$node->safe_psql('crm', $_) foreach @$sql;
	$node->stop;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->start;
	return;
}

# Reads that nobody records before the server stops
sub unrecorded
{
	my $locker = session($node, 'crm', 'postgres');
	$locker->query('BEGIN; LOCK TABLE contact_guard.log IN EXCLUSIVE MODE');
	reads(@_);
	$node->stop('immediate');
	eval { $locker->quit };
	return;
}

# Honest starts
reads(1);
like(verified(), qr/^good$/m, 'a log');
my $begin = last_seq();
like(sql("SELECT max(reason) FROM contact_guard.log WHERE event = 'heartbeat'"), qr{^WAL from [0-9A-F]+/[0-9A-F]+ to [0-9A-F]+/[0-9A-F]+ is recorded; key 1 [0-9a-f]{32}$}, 'a heartbeat says what is recorded');
foreach my $mode (qw(fast immediate fast))
{
	reads(2, 3);
	sql("CREATE TABLE IF NOT EXISTS crm.ballast (t text); INSERT INTO crm.ballast SELECT repeat('x', 500) FROM generate_series(1, 10000); CHECKPOINT") if $mode eq 'immediate';
	$node->stop($mode);
	$node->start;
}
unrecorded(4);
$node->start;
is(gaps($begin), '', 'restarts and crashes, with records that wait and without: no gap');
my $said = verified();
like($said, qr/^good$/m, '... and the log verifies');
unlike($said, qr/nothing says that WAL|was moved/, '... and no WAL is in doubt');

# Moved to the end of WAL, and beyond
foreach my $case ([ 'pg_current_wal_insert_lsn()', 5, qr/^the stored position of the recorder, \S+, had been moved over records: recording goes on from \S+; the server ran without contact_guard 1 time/ ],
	[ "pg_current_wal_insert_lsn() + 300", 7, qr/^the stored position of the recorder, .*; the server ran without contact_guard 1 time/ ],
	[ "pg_current_wal_insert_lsn() + 100000000", 9, qr/^WAL from \S+ to \S+ is missing; the stored position of the recorder, .*; the server ran without contact_guard 1 time/ ])
{
	my ($position, $customer, $gap) = @$case;
	my $before = last_seq();
	unrecorded($customer, $customer + 1);
	without([ "UPDATE contact_guard.journal_state SET position = $position" ]);
	like(gaps($before), $gap, "the position moved to $position: gaps say so");
	is(sql("SELECT string_agg(customer, ' ' ORDER BY seq) FROM contact_guard.log WHERE event = 'shown' AND seq > $before"), "$customer @{[ $customer + 1 ]}", '... and the reads are recorded, once');
	is(sql("SELECT count(*) FROM contact_guard.log WHERE event = 'conflict'"), 0, '... without a conflict');
	sql("SELECT contact_guard.acknowledge_gaps('known')");
}
$said = verified();
like($said, qr/^the stored position of the recorder was moved over records 3 times; they were recorded nevertheless: see record seq \d+$/m, 'verify tells of it');
like($said, qr/^the server ran 3 times without contact_guard/m, '... and of the runs without the library');
like($said, qr/^good$/m, '... and the log is what was signed');

# The key of the last run deleted, or changed, so that its messages cannot be recorded: before a
# heartbeat of this run names it, and behind one
foreach my $case ([ 'deleted', 'DELETE FROM contact_guard.journal_key WHERE number = (SELECT max(number) FROM contact_guard.journal_key)' ],
	[ 'changed', "UPDATE contact_guard.journal_key SET mac_key = sha256('mine') WHERE number = (SELECT max(number) FROM contact_guard.journal_key)" ],
	# ... or the stretch of WAL that it seals
	[ 'begun later', "UPDATE contact_guard.journal_key SET begins_at = pg_current_wal_insert_lsn() WHERE number = (SELECT max(number) FROM contact_guard.journal_key)" ],
	[ 'ended', "UPDATE contact_guard.journal_key SET ends_at = begins_at + 1 WHERE number = (SELECT max(number) FROM contact_guard.journal_key)" ])
{
	my ($name, $sql) = @$case;
	foreach my $when ('before a heartbeat', 'behind a heartbeat')
	{
		$node->restart;
		reads(12);
		verified() if $when =~ /behind/;
		my $before = last_seq();
		unrecorded(13);
		without([$sql]);
		like(gaps($before), qr/^key \d+ [0-9a-f]{32} of the journal is not there any more, or is another one: .*; the server ran without contact_guard 1 time[^;]*$/, "a key $name $when: a gap says so, once");
		sql("SELECT contact_guard.acknowledge_gaps('known')");
	}
}
like(verified(), qr/^keys of the journal were taken away 8 times: .* the first of them seq \d+$/m, 'verify tells of it');
my $calm = last_seq();
$node->restart;
verified();
$node->restart;
is(gaps($calm), '', '... and starts are honest again');

# Signing switched off for a while: keys go, and nobody has taken them
my $unsigned = last_seq();
$node->append_conf('postgresql.conf', "contact_guard.signing_key_file = ''");
foreach (1 .. 3)
{
	$node->restart;
	reads(14);
	ok($node->poll_query_until('crm', "SELECT count(*) = $_ FROM contact_guard.log WHERE event = 'heartbeat' AND seq > $unsigned"), 'without signing a heartbeat comes before a key is forgotten');
}
$node->append_conf('postgresql.conf', "contact_guard.signing_key_file = '$dir/log/key'");
$node->restart;
is(gaps($unsigned), '', '... signing again: no gap');
$said = verified();
like($said, qr/^keys of the journal were taken away 8 times/m, '... and verify does not tell of more');
unlike($said, qr/nothing says that WAL/, '... nor of WAL');

# A clock that was ahead: a heartbeat whose key is forgotten has a later time than the newest one
my ($ahead, $old) = split /\|/, sql("SELECT seq, read_at FROM contact_guard.log WHERE event = 'heartbeat' AND seq > $unsigned AND split_part(reason, '; key ', 2) <>
	(SELECT split_part(reason, '; key ', 2) FROM contact_guard.log WHERE event = 'heartbeat' ORDER BY seq DESC LIMIT 1) ORDER BY seq DESC LIMIT 1");
my $calmer = last_seq();
$node->stop;
without([ "UPDATE contact_guard.log SET read_at = (SELECT max(read_at) FROM contact_guard.log) + interval '1 s' WHERE seq = $ahead" ]);
like(gaps($calmer), qr/^the server ran without contact_guard 1 time[^;]*$/, 'a heartbeat of a clock that was ahead: no key is missed');
$node->stop;
without([ "UPDATE contact_guard.log SET read_at = '$old' WHERE seq = $ahead" ]);

# Moved, and the WAL removed
my $before = last_seq();
unrecorded(11);
without([ "UPDATE contact_guard.journal_state SET position = pg_current_wal_insert_lsn()", "SELECT pg_drop_replication_slot('contact_guard')",
	map({ "INSERT INTO crm.ballast SELECT repeat('x', 500) FROM generate_series(1, 3000); SELECT pg_switch_wal(); CHECKPOINT" } 1 .. 6),
	'UPDATE contact_guard.journal_state SET position = pg_current_wal_insert_lsn()' ]);
is(sql("SELECT count(*) FROM contact_guard.log WHERE event = 'shown' AND customer = '11'"), 0, 'with the WAL the read is gone');
$said = verified();
like($said, qr{^before seq \d+, nothing says that WAL from [0-9A-F]+/[0-9A-F]+ to [0-9A-F]+/[0-9A-F]+ was recorded: .*somebody has moved}m, 'verify says that WAL is not accounted for');
like($said, qr/^good$/m, '... and the log is what was signed');

# Moved, and the last row deleted, without which nothing can be compared
$before = last_seq();
unrecorded(16);
without([ 'DELETE FROM contact_guard.log WHERE seq = (SELECT max(seq) FROM contact_guard.log)', 'UPDATE contact_guard.journal_state SET position = pg_current_wal_insert_lsn()' ]);
like(gaps($before), qr/^the log lacks rows behind its last heartbeat: WAL from \S+ to \S+ was not compared with it$/, 'the position moved, and a row deleted: a gap says that nothing was compared');
is(sql("SELECT count(*) FROM contact_guard.log WHERE event = 'shown' AND customer = '16'"), 0, '... and the read is gone');
like(verified(), qr/^seq \d+: the row is missing, and no purge record says so\n.*^WAL was not compared with the log 1 time, because rows were missing: see the records of event gap, the first of them seq \d+$/ms, '... verify tells of it, too');
$node->stop;
done_testing();
