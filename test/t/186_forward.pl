# contact_guard.standby_reads = forward: a session of a hot standby is told by the primary who may
# see what, and its record is on the primary before the value leaves.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IO::Socket::INET;
use PostgreSQL::Test::Utils;
use Test::More;
use Wire;

my $primary = guard_node('origin', { allows_streaming => 1 }, 'fsync = off', 'autovacuum = off', 'max_connections = 50');
make_roles($primary);
make_crm($primary, 'crm', 3000);
$primary->safe_psql('crm', 'CREATE ROLE node2 LOGIN; GRANT contact_guard_forwarder TO node2;
	CREATE ROLE outsider LOGIN; CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy; GRANT dispatcher TO pool;
	GRANT SELECT ON ALL TABLES IN SCHEMA crm TO pool, outsider');
$primary->backup('second');
my $standby = PostgreSQL::Test::Cluster->new('second');
$standby->init_from_backup($primary, 'second', has_streaming => 1);
my $to = 'host=' . $primary->host . ' port=' . $primary->port . ' user=node2';
$standby->append_conf('postgresql.conf', "contact_guard.standby_reads = forward\ncontact_guard.primary_conninfo = '$to'\n"
	. "contact_guard.primary_timeout = '3s'\nmax_standby_streaming_delay = -1");
$standby->start;

sub catch_up { $primary->wait_for_catchup($standby, 'replay', $primary->lsn('insert')); return }

# The first column of all rows, or the SQLSTATE
sub got
{
	my ($user, $sql) = @_;
	my ($out, $err) = as($standby, 'crm', $user, $sql);
	return state_of($err) || $out;
}

sub on_record { my ($condition) = @_; return log_rows($primary, 'crm', "application ~ ' on .*:" . $standby->port . "\$' AND $condition") }

catch_up();
my $phone = 'SELECT phone FROM crm.customer WHERE id =';

# Shown and withheld, on record
is(got('anna', "$phone 3"), phone_of(3), 'a value is shown where a window is open');
is(on_record("event = 'shown' AND customer = '3' AND actor = 'anna' AND login = 'anna' AND intervention IS NOT NULL"), 1, '... with a record on the primary, which names the standby');
is($primary->safe_psql('crm', "SELECT query FROM contact_guard.access_log WHERE event = 'shown' AND customer = '3'"), 'SELECT phone FROM crm.customer WHERE id = $1', '... and the statement');
is(got('anna', "$phone 30"), mask_of(30), 'the mask is shown where none is open');
is(on_record("event = 'withheld' AND customer = '30' AND reason = 'no window'"), 1, '... with a record');
is(got('eve', "$phone 3"), mask_of(3), '... and to whom has none');
is(got('dispatcher', "$phone 40"), phone_of(40), 'a standing permission shows');
is(on_record("event = 'shown' AND customer = '40' AND purpose = 'planning' AND reason ~ 'dispatcher'"), 1, '... with its purpose on record');
is(got('dispatcher', "SELECT id FROM crm.customer WHERE phone = '" . phone_of(77) . "'"), 77, 'a look-up by number');
is(on_record("event = 'lookup'"), 1, '... is on record');
is(on_record("event = 'shown' AND customer = '77'"), 1, '... with whom it has found');
is(got('dispatcher', "SELECT id FROM crm.customer WHERE phone LIKE '%0078'"), 78, 'a search by a part of the number');
is(on_record("event = 'searched' AND reason ~ 'dispatcher'"), 1, '... is on record, with how many were compared');
is(got('dispatcher', 'SELECT count(phone), count(DISTINCT phone) FROM crm.customer'), '3000|3000', 'many');
is(on_record("event = 'shown' AND actor = 'dispatcher'"), 3003, '... are on record each');
is(got('anna', 'SELECT count(*) FROM crm.customer WHERE phone !~ $$\*$$'), 20, 'a technician gets those of his visits');
is(on_record("event = 'shown' AND actor = 'anna' AND customer = '20'"), 1, '... on record');

# Ways out
is(scalar(() = got('anna', 'COPY (SELECT phone FROM crm.customer WHERE id <= 25) TO STDOUT') =~ /^06\d{8}$/mg), 20, 'COPY');
is(got('anna', "BEGIN; DECLARE c CURSOR FOR SELECT phone FROM crm.customer WHERE id IN (4, 5) ORDER BY id; FETCH 1 FROM c; FETCH 1 FROM c; COMMIT"), phone_of(4) . "\n" . phone_of(5), 'a cursor');
is(on_record("event = 'shown' AND customer = '5' AND statement IS NOT NULL AND query ~ 'DECLARE'"), 1, '... is on record');
is(got('anna', "DO \$\$ DECLARE p text; BEGIN SELECT phone INTO p FROM crm.customer WHERE id = 6; RAISE EXCEPTION '%', p; EXCEPTION WHEN raise_exception THEN IF sqlerrm <> '" . phone_of(6) . "' THEN RAISE division_by_zero; END IF; END \$\$"), '', 'a procedural language');
is(on_record("event = 'shown' AND customer = '6' AND query ~ '^SELECT phone'"), 1, '... is on record, though nothing came of it');
like(got('anna', "EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) $phone 7"), qr/Index Scan/, 'EXPLAIN');
is(got('anna', "SET " . forced_parallel($primary) . " = on; SELECT max(phone) FROM crm.customer WHERE id = 8"), phone_of(8), 'a parallel plan');
is(got('anna', "SELECT contact_guard.has_open_window(1::bigint), contact_guard.has_open_window(30::bigint)"), 't|f', 'has_open_window()');
is(got('anna', 'SELECT count(*) FROM contact_guard.open_interventions()'), 20, 'open_interventions()');
is(got('pool', "BEGIN; SELECT contact_guard.act_as('anna'); $phone 9; $phone 39; COMMIT"), "\n" . phone_of(9) . "\n" . mask_of(39), 'act_as()');
is(on_record("event = 'shown' AND customer = '9' AND actor = 'anna' AND login = 'pool'"), 1, '... is on record');
is(got('pool', "BEGIN; SELECT contact_guard.act_as('bert', 'dispatcher'); $phone 39; COMMIT"), "\n" . phone_of(39), '... also with a role');
is(got('pool', "$phone 9"), mask_of(9), 'a pool that names nobody sees nothing');
is(got('postgres', "$phone 50"), phone_of(50), 'a superuser is shown everything');
is(on_record("event = 'shown' AND customer = '50' AND purpose = 'superuser'"), 1, '... on record');
is(got('postgres', 'SELECT count(*) > 0 FROM contact_guard.access_log'), 't', 'the log is read');
is(on_record("event = 'audit_read' AND actor = 'postgres'"), 1, '... on record');
my $dump;
ok(IPC::Run::run([ 'pg_dump', '-h', $standby->host, '-p', $standby->port, '-U', 'postgres', '-t', 'crm.customer', '--no-sync', 'crm' ], '>', \$dump), 'pg_dump');
is(scalar(() = $dump =~ /\t06\d{8}$/mg), 3000, '... has the values');
is($primary->safe_psql('crm', "SELECT contact_guard.sync(); SELECT sum(count) FROM contact_guard.access_log WHERE event = 'bulk' AND application ~ ' on '"), "\n3000", '... on record');

# The primary decides, not what the standby has replayed
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$standby->poll_query_until('postgres', "SELECT pg_get_wal_replay_pause_state() = 'paused'") or die;
my $anna = Wire->new($standby, 'crm', 'anna');
my $shown = sub { my ($id) = @_; return join ',', map { $_->[0] } Wire::rows($anna->query("$phone $id")) };
is($shown->(10), phone_of(10), 'the standby stands still');
$primary->safe_psql('crm', "UPDATE crm.intervention SET status = 'done' WHERE customer_id = 10");
is($shown->(10), mask_of(10), 'a window that was closed on the primary is closed');
$primary->safe_psql('crm', "UPDATE crm.intervention SET status = 'on_site' WHERE customer_id = 10");
$primary->safe_psql('crm', "SELECT contact_guard.disallow('dispatcher')");
is(got('dispatcher', "$phone 40"), mask_of(40), 'a permission that was taken back on the primary is gone');
$primary->safe_psql('crm', "SELECT contact_guard.allow('dispatcher', purpose => 'planning'); REVOKE contact_guard_proxy FROM pool");
is(got('pool', "BEGIN; SELECT contact_guard.act_as('anna'); $phone 9; COMMIT"), "\n" . mask_of(9), 'a login that may name nobody there any more is not believed');
$primary->safe_psql('crm', 'GRANT contact_guard_proxy TO pool; REVOKE dispatcher FROM pool');
is(got('pool', "BEGIN; SELECT contact_guard.act_as('bert', 'dispatcher'); $phone 39; COMMIT"), "\n" . mask_of(39), '... nor one that has lost the role');
$primary->safe_psql('crm', 'GRANT dispatcher TO pool; ALTER ROLE eve RENAME TO eva; ALTER ROLE anna RENAME TO ann; ALTER ROLE eva RENAME TO anna');
is($shown->(11), mask_of(11), 'a role is known by its name and its OID');
$primary->safe_psql('crm', 'ALTER ROLE anna RENAME TO eve; ALTER ROLE ann RENAME TO anna');
# A window that opens is seen within a second
foreach (1 .. 100) { last if $shown->(11) eq phone_of(11); select undef, undef, undef, 0.1 }
is($shown->(11), phone_of(11), '... and is believed again');
my $cursor = "BEGIN; DECLARE c CURSOR FOR SELECT phone FROM crm.customer WHERE id IN (12, 13) ORDER BY id; FETCH 1 FROM c";
is(join(',', map { $_->[0] } Wire::rows($anna->query($cursor))), phone_of(12), 'a cursor shows its first row');
$primary->safe_psql('crm', "UPDATE crm.intervention SET status = 'done' WHERE customer_id = 13");
is(join(',', map { $_->[0] } Wire::rows($anna->query('FETCH 1 FROM c'))), mask_of(13), '... and the mask in the next, whose window was closed meanwhile');
$anna->query('ROLLBACK');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
catch_up();

# Who may call the function
foreach my $case ([ 'outsider', '42501', 'a role that is no forwarder' ], [ 'anna', '42501', 'a reader' ], [ 'node2', '08P01', 'a forwarder without a seal' ])
{
	my ($user, $state, $name) = @$case;
	is(state_of((as($primary, 'crm', $user, "SELECT contact_guard.forward('')"))[1]), $state, "$name is refused");
}
my ($system, $database, $epoch, $key) = journal_key($primary, 'crm');
my $number;
use Digest::SHA qw(hmac_sha256);
sub request
{
	my ($kind, $body, $sealed_by, $session) = @_;
	my $head = pack('Ca Q> N N N Q> Q>', 1, $kind, $system, $database, $epoch, $number, $session // 7, 9);
	return unpack 'H*', $head . hmac_sha256("contact_guard forward\0$head$body", $sealed_by) . $body;
}
sub ask { my ($hex, $role) = @_; my ($out, $err) = as($primary, 'crm', $role // 'node2', "SELECT length(contact_guard.forward('\\x$hex'))"); return state_of($err) || $out }
foreach (1 .. 9) { $number = $_; last if ask(request('H', '', $key)) ne '55000' }
is(ask(request('H', '', $key)), 62, 'who has the key, as the standby has, and the right to call it, is answered');
is(ask(request('H', '', $key), 'outsider'), '42501', '... but not without the right');
is(ask(request('H', '', 'x' x 32)), '28000', 'nobody without the key');
is(ask(request('R', pack('Q> N Q> Q> N', 1, 5, 1, 1, $epoch) . 'x', $key)), '08P01', 'nothing but records of reads can be sent');
is(state_of((as($primary, 'crm', 'node2', "SELECT contact_guard.forward('\\x" . request('H', '', $key) . "'); SELECT contact_guard.forward('\\x" . request('H', '', $key, 8) . "')"))[1]), '08P01',
	'one connection serves one session: no pooler may stand between');

# Records by hand: a session of a standby is told apart, and what comes twice counts once
sub text { my ($text) = @_; return defined $text ? pack('N/a', $text) : pack('N', 0xFFFFFFFF) }
sub records
{
	my ($event, $customer, $position) = @_;
	my $read_at = (time - 946684800) * 1_000_000;
	my ($high, $low) = map { hex } split /\//, $position;
	return pack('Q> N Q> N N N', $read_at, 0x80000005, 1, $high, $low, $epoch)
	  . 'C' . text('anna') . text('anna') . text(undef) . text('by hand') . text('role') . pack('Q> Q>', 1, 0)
	  . 'R' . pack('C Q>', $event, $read_at) . text('crm.customer') . pack('n', 1) . text('phone') . text($customer) . pack('Q>', 1)
	  . text(undef) . pack('Q>', 1 << 63) . text(undef) . text(undef) . pack('C', 0);
}
my $flushed = $primary->safe_psql('crm', 'SELECT pg_current_wal_flush_lsn()');
my $sent = request('R', records(1, '99', $flushed), $key);
is(ask($sent), 62, 'records are taken');
is(ask($sent), 62, '... also when the same bytes come again');
is(log_rows($primary, 'crm', "application = 'by hand' AND customer = '99' AND session ~ '[.]80000005\$'"), 1, '... and count once');
is(log_rows($primary, 'crm', "event IN ('gap', 'conflict')"), 0, '... without a gap or a conflict');
is(ask(request('R', records(5, 'x', $flushed), $key)), '08P01', 'a change of the policy cannot be sent');
is(ask(request('R', records(1, '98', '0/1'), $key)), 62, 'what names an old position is answered');
is(ask(request('R', records(1, '98', 'F/0'), $key)), 62, '... or one that does not exist');
is(log_rows($primary, 'crm', "application = 'by hand' AND customer = '98'"), 0, '... and is not taken');
is(log_rows($primary, 'crm', "event = 'refused' AND actor = 'node2' AND reason ~ '28000: the request has no seal of a standby'"), 1, 'a forged request is on record');
is(state_of((as($primary, 'crm', 'node2', "$phone 3"))[1]), '42501', 'the forwarder reads nothing');
is($primary->safe_psql('crm', q(SELECT string_agg(p.proname, ',') FROM pg_proc p WHERE p.pronamespace = 'contact_guard'::regnamespace AND has_function_privilege('node2', p.oid, 'EXECUTE') AND NOT has_function_privilege('outsider', p.oid, 'EXECUTE'))), 'forward', '... and may call one function');
$primary->safe_psql('crm', q(CREATE FUNCTION public.wrapped(bytea) RETURNS bytea LANGUAGE sql SECURITY DEFINER AS 'SELECT contact_guard.forward($1)'; ALTER FUNCTION public.wrapped(bytea) OWNER TO node2));
is(state_of((as($primary, 'crm', 'outsider', "SELECT public.wrapped('\\x" . request('H', '', $key) . "')"))[1]), '42501', '... nor lend it');

# The primary is away
my $wire = Wire->new($standby, 'crm', 'anna');
my $rows = sub { my @messages = $wire->query(@_); my ($error) = Wire::errors(@messages); return $error ? "$error->{C}" : join ',', map { $_->[0] } Wire::rows(@messages) };
is($rows->("$phone 14"), phone_of(14), 'a session reads');
$primary->stop;
is($rows->("$phone 14"), '55000', 'without the primary a guarded column is a plain error');
is($rows->('SELECT id FROM crm.customer WHERE id = 14'), '14', '... all else goes on in the same session');
is($rows->("SELECT id, phone FROM crm.customer WHERE id IN (14, 15, 16, 17)"), '55000', '... and the error is the same');
my ($out, $err) = as($standby, 'crm', 'anna', "$phone 14");
like($err, qr/the primary does not answer.*HINT:/s, 'a new session is told what to do');
unlike("$out$err", qr/06\d{8}/, '... and no value');
like($standby->safe_psql('crm', 'SELECT array_to_string(problems, $$;$$) FROM contact_guard.status()'), qr/guarded columns cannot be read on this standby: connection to server/, 'status() says so');
slow_start($primary);
foreach (1 .. 100) { last if $rows->("$phone 14") eq phone_of(14); select undef, undef, undef, 0.1 }
is($rows->("$phone 14"), phone_of(14), 'it is back, with a new key, and the session reads again');

# The journal has a new key since the primary was started again, and the standby does not know it
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$standby->poll_query_until('postgres', "SELECT pg_get_wal_replay_pause_state() = 'paused'") or die;
$primary->restart;
is($rows->("$phone 14"), '55000', 'a key that has not been replayed: a plain error');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
foreach (1 .. 100) { last if $rows->("$phone 14") eq phone_of(14); select undef, undef, undef, 0.1 }
is($rows->("$phone 14"), phone_of(14), '... until it has');
is($standby->safe_psql('crm', 'SELECT guard, problems FROM contact_guard.status()'), 'forwarding: this is a standby|{}', 'status() has no problem');
ok(log_is_whole($primary, 'crm'), 'the log is whole');

# A host that is silent, as a frozen primary is, does not hold up the others
{
	my $silent = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1') or die $!;
	my $port = $silent->sockport;
	$standby->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.primary_conninfo = 'host=127.0.0.1,@{[ $primary->host ]} port=$port,@{[ $primary->port ]} user=node2'");
	$standby->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.primary_timeout = '1min'");
	$standby->reload;
	is(got('anna', "$phone 14"), phone_of(14), 'the first host is silent: the second one is asked');
	$standby->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.primary_conninfo = 'host=127.0.0.1 port=$port user=node2'");
	$standby->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.primary_timeout = '300ms'");
	$standby->reload;
	like($standby->safe_psql('crm', 'SELECT problems FROM contact_guard.status()'), qr/timeout expired at .*127\.0\.0\.1.*port $port/, '... and if it is alone, status() says which');
}

# Wrong settings
foreach my $case ([ "host=/nowhere user=node2", 'no such host' ], [ $to =~ s/node2/outsider/r, 'a role without the right' ],
	[ '', 'no string' ], [ 'host=' . $standby->host . ' port=' . $standby->port . ' user=node2', 'a standby' ])
{
	my ($conninfo, $name) = @$case;
	$standby->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.primary_conninfo = '$conninfo'");
	$standby->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.primary_timeout = '300ms'");
	$standby->reload;
	is(got('anna', "$phone 14"), '55000', "$name: a plain error");
	isnt($standby->safe_psql('crm', 'SELECT problems FROM contact_guard.status()'), '{}', '... and a problem in status()');
}
$standby->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.standby_reads = withhold");
$standby->reload;
is(got('anna', "$phone 14"), '', 'withhold is as it was');
$standby->stop;
$primary->stop;
done_testing();
