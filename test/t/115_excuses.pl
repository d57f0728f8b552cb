# What excuses that rows are missing: records of purges that purge() could not have made, and holds
# that were deleted on a server without the library.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Mock;
use PostgreSQL::Test::Utils;
use Test::More;

# --- What verify says of records, on a server that is made of tables ---

my $mock = Mock->new('excuses', 'example.com/log');
my $row = 'contact_guard.mock_row';
# A row in six hours, from January to April; each tenth is a heartbeat, which nothing holds.  As in a log of 1.1,
# each row has all salts, also without a customer.
my $salts = "sha256(int4send(i)), sha256(int4send(-i)), sha256('e' || int4send(i)), 2 FROM generate_series";
$mock->sql("INSERT INTO $row (seq, event, read_at, count, actor, login, customer, customer_salt, actor_salt, execution_salt, leaf_version)
	SELECT i, 'shown', timestamptz '2026-01-01 00:00+00' + i * interval '6 h', 1, 'anna', 'anna', (i % 7)::text, $salts(0, 399) i WHERE i % 10 <> 5;
	INSERT INTO $row (seq, event, read_at, count, customer_salt, actor_salt, execution_salt, leaf_version)
	SELECT i, 'heartbeat', timestamptz '2026-01-01 00:00+00' + i * interval '6 h', 1, $salts(5, 399, 10) i;
	CREATE TABLE past AS TABLE $row");

# logged(RECORDS, REMOVED): verify's status and report of the past with these records behind it, and
# without the rows that this condition names.  A record has an event, a reason, a customer, and 1 if 1.0 made it.
sub logged
{
	my ($records, $removed, $change, $beside) = @_;
	my $seq = 400;
	$mock->sql("DELETE FROM contact_guard.mock_note; TRUNCATE $row, contact_guard.mock_node, contact_guard.mock_tile; INSERT INTO $row TABLE past");
	foreach my $record (@$records)
	{
		my ($event, $reason, $customer, $version) = @$record;
		my $of = defined $customer ? "'$customer'" : 'NULL';
		$of .= defined $customer || !$version ? ", sha256('c$seq'), sha256('a$seq')" : ', NULL, NULL';
		my $sealed = $version ? "$version, NULL" : "2, sha256('e$seq')";
		$mock->sql("INSERT INTO $row (seq, event, read_at, count, reason, customer, customer_salt, actor_salt, leaf_version, execution_salt)
			VALUES ($seq, '$event', timestamptz '2026-04-15 00:00+00' + ($seq - 400) * interval '1 h', 1, nullif('$reason', ''), $of, $sealed)");
		$seq++;
	}
	$mock->sql($change) if $change;
	$mock->publish();
	$mock->sql("DELETE FROM $row WHERE $removed");
	$mock->sql("INSERT INTO $row (seq, event, read_at, count) VALUES (-5, 'heartbeat', now(), 1)") if $beside;
	my ($status, $said) = guard_says('verify', $mock->dsn, '--vkey', $mock->vkey);
	return "$status:\n$said";
}

# The same with a row beside the signed ones: then verify does not wait for later records.  Besides
# that finding there must be this one alone.
sub found
{
	my ($finding, $name, @log) = @_;
	return like(logged(@log[0 .. 2], 1), qr/^1:\n.*^row -5 is out of sequence.*^$finding.*: 2 findings$/ms, $name);
}

my $january = '1 months before 2026-02-01 00:00:00+00';
my $hold = [ 'policy', 'hold, seq 10 to 10, seq 20 to 21: court', '7' ];
my $purge = [ 'purge', "$january, seq 0 to 9, seq 11 to 19, seq 22 to 123: old" ];
my $purged = '(seq <= 123 AND seq NOT IN (10, 20, 21))';
like(logged([ $hold ], 'false'), qr/^0:\n.*^good$/ms, 'a hold names rows');
like(logged([ $hold, $purge ], $purged), qr/^0:\n.*^good$/ms, '... which a purge leaves');
my $held = qr/^seq 20: the row is missing, though record seq 400 holds it$/m;
like(logged([ $hold, [ 'purge', "$january, seq 0 to 9, seq 11 to 20, seq 22 to 123: old" ] ], "$purged OR seq = 20"), qr/^1:\n.*$held/ms, 'a purge that has taken one of them is a finding');
like(logged([ $hold, [ 'purge', "$january, seq 0 to 9, seq 11 to 20, seq 22 to 123: old" ], [ 'policy', 'release hold: settled', '7' ] ], "$purged OR seq = 20"), qr/^1:\n.*$held/ms, '... also if the hold was released later');
like(logged([ $hold, [ 'policy', 'release hold', '8' ], [ 'purge', "$january, seq 0 to 123: old" ] ], 'seq <= 123'), qr/^1:\n.*$held/ms, '... or another one was released');
like(logged([ $hold, $purge, [ 'policy', 'release hold', '7' ], [ 'purge', "$january, seq 10 to 10, seq 20 to 21: old" ] ], 'seq <= 123'), qr/^0:\n.*^good$/ms, '... but not if it is released before');
like(logged([ [ 'policy', 'hold: x, seq 10 to 20: y', '7' ], [ 'purge', "$january, seq 0 to 123: old" ] ], 'seq <= 123'), qr/^0:\n.*^good$/ms, 'a hold of version 1.0 names no rows');
my $erase = sub { "UPDATE $row SET customer_commitment = sha256('contact_guard/commit/v1'::bytea || '\\x0a0003' || customer_salt || contact_guard.mock_text_field(3, customer)), customer = NULL, customer_salt = NULL WHERE seq = $_[0]" };
like(logged([ $hold, [ 'erasure', 'a customer: left', undef, 1 ] ], 'false', $erase->(20)), qr/^1:\n.*^seq 20: the customer of the row was erased, though record seq 400 holds it$/ms, 'an erasure in held rows is a finding');
like(logged([ $hold, [ 'erasure', 'a customer: left', undef, 1 ] ], 'false', $erase->(22)), qr/^0:\n.*^good$/ms, '... and not in others');

# Records of purges that name single rows
like(logged([ [ 'purge', "$january, seq 17 to 17: old" ] ], 'seq = 17'), qr/^1:\n.*^seq 400: the record of a purge names rows of months of which row 5 is still there: purge\(\) removes whole months$/ms, 'a purge of a single row of an old month is a finding');
my $seal = "UPDATE $row SET customer_commitment = substr(contact_guard.mock_group(3, customer_salt, NULL, contact_guard.mock_text_field(3, customer)), 8) WHERE event = 'heartbeat'";
like(logged([ [ 'purge', "$january, seq 17 to 17: old" ] ], 'seq = 17', $seal), qr/^1:\n.*row 5 is still there/ms, '... also if heartbeats get the commitment of a customer whom they do not have');
my $doubt = qr/^1 range of purged rows was logged later than the months that were purged, first row 300 by the record seq 400:/m;
like(logged([ [ 'purge', "$january, seq 0 to 123, seq 300 to 300: old" ] ], 'seq <= 123 OR seq = 300'), qr/^0:\n.*$doubt.*^good$/ms, '... of a row of a younger month, a doubt');
unlike(logged([ [ 'clock', 'the clock was set back' ], [ 'purge', "$january, seq 0 to 123: old" ] ], 'seq <= 123'), qr/purged rows/, '... which others do not raise');
like(logged([ [ 'purge', '1 months before 2026-05-01 00:00:00+00, seq 300 to 300: old' ] ], 'seq = 300'), qr/^1:\n.*^seq 400: the record of a purge speaks of a time in its future$/ms, '... before a time in the future, a finding');
like(logged([ [ 'purge', '1 months before the end, seq 300 to 300: old' ] ], 'seq = 300'), qr/^1:\n.*^seq 400: the record of a purge does not say what it has removed as purge\(\) does$/ms, '... before no time, too');
like(logged([ [ 'purge', '1 months before 2026-02-01 05:30:00.123+05:30, seq 0 to 123: old' ] ], 'seq <= 123'), qr/^0:\n.*^good$/ms, 'a time may have a zone, and parts of a second');
like(logged([ [ 'purge', '1 months before 2026-02-01 05:29:00+05:30, seq 17 to 17: old' ] ], 'seq = 17'), qr/^0:\n.*first row 17 by.*^good$/ms, '... and its month is that of UTC');

# A record that names rows that are there: its purge did not commit, or rows were put back
my $undone = qr/^1 record of a purge names rows that are there, the record seq 400 row 0: /m;
like(logged([ [ 'purge', "$january, seq 0 to 123: old" ] ], 'seq = 17'), qr/^1:\n.*^seq 17: the row is missing, and no purge record says so\n.*$undone/ms, 'of the rows that a purge names one is missing and others are not: a finding');
like(logged([ [ 'purge', "$january, seq 0 to 123: old" ] ], 'false'), qr/^0:\n.*$undone.*^good$/ms, '... all are there: none');
like(logged([ [ 'purge', "$january, seq 0 to 4: and more" ], [ 'purge', "$january, seq 5 to 123: old" ] ], 'false'),
	qr/^0:\n.*^2 records of a purge name rows that are there, .*^good$/ms, '... nor if it has two records, of which the first names no heartbeat');
like(logged([ ([ 'purge', "$january, seq 0 to 123: old" ]) x 2 ], 'seq <= 123'), qr/^0:\n(?!.*names rows).*^good$/ms, '... two records name rows that are gone: none');

# Records of erasures: those of 1.0 count rows, and those since then name them
my $erase_actor = sub { "UPDATE $row SET actor_commitment = substr(contact_guard.mock_group(4, actor_salt, NULL, contact_guard.mock_text_field(20, actor) || contact_guard.mock_text_field(21, login) || '\\x001600001700001800001900'::bytea), 8), actor = NULL, login = NULL, actor_salt = NULL WHERE seq = $_[0]" };
my $counted = qr/^1 erased customers and readers are explained only by records of contact_guard 1\.0, which count rows and do not name them/m;
my $no_customer = sub { qr/seq $_[0]: the customer of the row was erased, and no erasure record says so/ };
my $in_vain = qr/^1 record of the erasure of a customer names rows that have their customer, the record seq 400 row 22: /m;
my $named = [ 'erasure', 'a customer, seq 22 to 23: left' ];
my $both = $erase->(22) . ';' . $erase->(23);
unlike(logged([ $named ], 'false', $both), qr/^1:|records of contact_guard 1\.0|names rows/m, 'an erasure names rows, and they are erased: nothing to say');
found(qr/@{[ $no_customer->(23) ]}.*$in_vain/s, 'of the rows that an erasure names one has its customer: the record explains nothing', [ $named ], 'false', $erase->(23));
found($no_customer->(22), '... as many others were erased instead', [ $named ], 'false', $erase->(22) . ';' . $erase->(24));
found($no_customer->(24), '... one more was erased', [ $named ], 'false', $both . ';' . $erase->(24));
like(logged([ $named ], 'false'), qr/^0:\n.*$in_vain.*^good$/ms, '... none was: the erasure did not commit');
found(qr/seq 22: the reader of the row was erased, and no erasure record says so/, 'the erasure of a customer explains no erased reader', [ $named ], 'false', $both . ';' . $erase_actor->(22));
unlike(logged([ $named, [ 'erasure', 'an actor, seq 22 to 22: left' ] ], 'false', $both . ';' . $erase_actor->(22)), qr/^1:/, '... that of the actor does');
found($no_customer->(22), '... and no erased customer', [ [ 'erasure', 'an actor, seq 22 to 23: left' ] ], 'false', $both);
found($no_customer->(22), 'a record that names no rows explains none', [ [ 'erasure', 'a customer: left, seq 22 to 23' ] ], 'false', $both);
found($no_customer->(401), 'a record explains only rows before it', [ [ 'erasure', 'a customer, seq 401 to 401: left' ], [ 'shown', '', '7' ] ], 'false', $erase->(401));
like(logged([ $named, [ 'purge', "$january, seq 0 to 123: old" ] ], 'seq <= 123', $both), qr/^0:\n(?!.*names rows).*^good$/ms, 'rows that were erased and then purged');
like(logged([ [ 'erasure', 'a customer: left', undef, 1 ] ], 'false', $erase->(22)), qr/^0:\n.*$counted.*^good$/ms, 'a record of 1.0 explains as many as it counts, and that is said');
found($no_customer->(22), '... and no more', [ [ 'erasure', 'a customer: left', undef, 1 ] ], 'false', $both);
found($no_customer->(22), '... none of the other sort', [ [ 'erasure', 'an actor: left', undef, 1 ] ], 'false', $erase->(22));
found($no_customer->(401), '... and none behind it', [ [ 'erasure', 'a customer: left', undef, 1 ], [ 'shown', '', '7' ] ], 'false', $erase->(401));
like(logged([ $hold, [ 'erasure', 'a customer, seq 20 to 20: left' ], [ 'policy', 'release hold', '7' ] ], 'false', $erase->(20)), qr/^1:\n.*^seq 20: the customer of the row was erased, though record seq 400 holds it$/ms, 'an erasure before the release of a hold is a finding');
like(logged([ $hold, [ 'erasure', 'an actor, seq 20 to 20: left' ] ], 'false', $erase_actor->(20)), qr/^1:\n.*^seq 20: the reader of the row was erased, though record seq 400 holds it$/ms, '... so is that of a reader');
like(logged([ [ 'erasure', 'an actor, seq 20 to 20: left' ], $hold ], 'false', $erase_actor->(20)), qr/^0:\n.*^good$/ms, '... but not before the hold');
like(logged([ $hold, [ 'policy', 'release hold', '7' ], [ 'erasure', 'a customer, seq 20 to 20: left' ] ], 'false', $erase->(20)), qr/^0:\n.*^good$/ms, '... nor behind the release');

# --- A hold that was deleted on a server without the library ---

my $node = guard_node('holds', 'contact_guard.min_retention = 0', 'max_prepared_transactions = 2');
make_roles($node);
make_crm($node, 'crm', 100);
sub sql { return $node->safe_psql('crm', shift) }
sub refused { my ($sql, $name) = @_; return like((as($node, 'crm', 'postgres', "SELECT contact_guard.$sql"))[1], qr/ERROR:\s+55000: .* while a hold of customer "7" is missing.*^HINT:\s+Call contact_guard\.hold\(\)/ms, $name) }

as($node, 'crm', 'dispatcher', 'SELECT count(phone) FROM crm.customer WHERE id < 10');
as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 7');
sql("SELECT contact_guard.sync(); SELECT contact_guard.hold('7', 'court'); SELECT contact_guard.hold('8', 'court')");
my $rows = sql("SELECT contact_guard.sync(); SELECT string_agg(format('seq %s to %s', seq, seq), ', ' ORDER BY seq) FROM contact_guard.log WHERE customer = '7' AND event = 'shown'") =~ s/^\s+//r;
is(sql("SELECT reason FROM contact_guard.access_log WHERE event = 'policy' AND customer = '7'"), "hold, $rows: court", 'the record of a hold names the rows that it holds');
is(sql("SELECT contact_guard.erase_customer('9', 'left')"), 1, 'with all holds there, others are erased');
as($node, 'crm', 'anna', "SELECT phone FROM crm.customer WHERE id = $_") foreach 2, 3, 2, 2;
sql("SELECT contact_guard.sync(); SELECT contact_guard.sync()");
my $of_anna = sql("SELECT string_agg(format('seq %s to %s', lower(r), upper(r) - 1), ', ' ORDER BY r) FROM (SELECT unnest(range_agg(int8range(seq, seq, '[]'))) AS r FROM contact_guard.log WHERE actor = 'anna' AND (customer IS NULL OR customer <> '7')) s");
sql("SELECT contact_guard.erase_actor('anna', 'left')");
sql('SELECT contact_guard.sync()');
is(sql("SELECT reason FROM contact_guard.access_log WHERE event = 'erasure' AND reason LIKE 'an actor%'"), "an actor, $of_anna: left", 'the record of an erasure names the rows whose values it has removed');

# Many ranges make several records.
as($node, 'crm', 'dispatcher', join '; ', map { 'SELECT phone FROM crm.customer WHERE id = ' . (20 + $_ % 2) } 1 .. 700);
sql('SELECT contact_guard.sync()');
is(sql("SELECT contact_guard.erase_customer('20', 'many')"), 350, 'each second of many records is erased');
sql('SELECT contact_guard.sync()');
is(sql("SELECT count(*), sum(count), max(length(reason)) < 4200, string_agg(substring(reason, ': .*'), ' ' ORDER BY seq), sum((SELECT count(*) FROM regexp_matches(reason, 'seq (\\d+) to \\1', 'g')))
	FROM contact_guard.log WHERE event = 'erasure' AND seq > (SELECT max(seq) FROM contact_guard.log WHERE event = 'shown')"), '2|350|t|: and more : many|350', '... and two records name them');

# ROLLBACK PREPARED would leave their records.
sub prepared { return (as($node, 'crm', 'postgres', "BEGIN; SELECT contact_guard.$_[0]; PREPARE TRANSACTION 'x'; ROLLBACK PREPARED 'x'"))[1] }
my $last = sql('SELECT contact_guard.sync(); SELECT max(seq) FROM contact_guard.log WHERE session IS NOT NULL');
like(prepared($_), qr/ERROR:\s+0A000: cannot PREPARE a transaction that has changed what the access log must contain/, "no PREPARE TRANSACTION behind $_")
	foreach "erase_customer('6', 'left')", "hold('5', 'court')", "release_hold('8', 'settled')";
is(sql("SELECT contact_guard.sync(); SELECT count(*) FROM contact_guard.log WHERE session IS NOT NULL AND event IN ('erasure', 'policy') AND seq > $last") =~ s/^\s+//r, 0, '... and no record of it');
unlike(prepared("allow('anna', purpose => 'x')"), qr/ERROR/, '... but behind a change of the policy');

$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
sql("DELETE FROM contact_guard.held WHERE customer = '7'");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;
refused("purge(now() - interval '1 day', 'old')", 'a hold deleted: no purge');
refused("erase_customer('$_', 'left')", "... no erasure of customer $_") foreach 6, 7;
refused("erase_actor('dispatcher', 'left')", '... none of readers');
sql("SELECT contact_guard.hold('7', 'court')");
is(sql("SELECT contact_guard.erase_customer('6', 'left')"), 1, 'held again: erasures go on');
is(sql('SELECT string_agg(customer, \' \' ORDER BY customer) FROM contact_guard.held'), '7 8', '... with the hold');
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
sql("DELETE FROM contact_guard.held WHERE customer = '7'");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;
sql("SELECT contact_guard.release_hold('7', 'settled')");
is(sql("SELECT contact_guard.erase_customer('5', 'left')"), 1, 'released on record: they go on, too');
is(log_rows($node, 'crm', "event = 'policy' AND reason = 'release hold: settled'"), 1, '... and the log has it');
like((as($node, 'crm', 'postgres', "SELECT contact_guard.release_hold('7')"))[1], qr/ERROR:\s+42704/, 'there is nothing more to release');
$node->stop;
done_testing();
