# Months are purged, one after the other, while 20 sessions read guarded columns and the log:
# nobody gets an error, each read is on record once, and texts of purged months go with them.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $months = 12;
my $reads = 60;			# of each of 14 sessions
my $node = guard_node('purge');
make_roles($node);
make_crm($node, 'crm', 1000);
$node->safe_psql('crm', 'CREATE ROLE officer LOGIN IN ROLE contact_guard_admin; CREATE ROLE auditor LOGIN IN ROLE contact_guard_auditor');

# A past, which only a server without the library lets one write: each record has a text of its own.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
foreach my $month (1 .. $months)
{
	my ($name, $next) = (sprintf('contact_guard.log_2023_%02d', $month), $month == 12 ? '2024-01-01' : sprintf('2023-%02d-01', $month + 1));
	my $this = sprintf('2023-%02d-01', $month);
	$node->safe_psql('crm', qq(
		CREATE TABLE $name (LIKE contact_guard.log INCLUDING ALL);
		INSERT INTO $name (seq, read_at, event, actor, customer, count, query_id)
			SELECT -1000 * $month + i, '$this 12:00+00', 'shown', 'anna', i, 1, -1000 * $month + i FROM generate_series(1, 500) i;
		INSERT INTO contact_guard.query_text SELECT query_id, 'text ' || query_id, '$this 00:00+00' FROM $name;
		ALTER TABLE contact_guard.log ATTACH PARTITION $name FOR VALUES FROM ('$this 00:00+00') TO ('$next 00:00+00');
		ALTER EXTENSION contact_guard ADD TABLE $name;));
}
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;
is(log_rows($node, 'crm', "read_at < '2024-01-01'"), 500 * $months, 'records of a past year');
my $next_month = $node->safe_psql('crm', "SELECT to_char((now() + interval '7 days') AT TIME ZONE 'UTC', '\"log_\"YYYY_MM')");
is($node->safe_psql('crm', "SELECT count(*) FROM pg_class WHERE relname = '$next_month'"), 1, 'the month of the next seven days has its partition already');

my $dir = PostgreSQL::Test::Utils::tempdir;
append_to_file("$dir/reads.sql", "\\set id random(1, 20)\nSELECT phone FROM crm.customer WHERE id = :id;\n");
append_to_file("$dir/asks.sql", "SELECT count(*) FROM contact_guard.access_log WHERE read_at > now() - interval '1 hour';\nSELECT count(*) FROM contact_guard.who_read('7');\n");

sub sessions
{
	my ($count, $user, $file, $times, $out) = @_;
	local $ENV{PGAPPNAME} = "busy $user";
	return IPC::Run::start([ $node->installed_command('pgbench'), '-n', '-c', $count, '-j', 1, '-t', $times, '-f', "$dir/$file",
			'-U', $user, '-h', $node->host, '-p', $node->port, 'crm' ], '>', $out, '2>&1');
}
my @runs = (sessions(14, 'anna', 'reads.sql', $reads, \my $said), sessions(6, 'auditor', 'asks.sql', 15, \my $asked));
my @failed;
foreach my $month (1 .. $months)
{
	my $next = $month == 12 ? '2024-01-01' : sprintf('2023-%02d-01', $month + 1);
	my ($out, $err) = as($node, 'crm', 'officer', "SELECT contact_guard.purge('$next 00:00+00', 'month $month')");
	push @failed, "month $month: $out $err" if $out ne '500';
}
is(join('; ', @failed), '', 'each month is purged by itself');
ok($_->finish, 'sessions go on meanwhile') foreach @runs;
unlike($said . $asked, qr/ERROR|abort/, '... without an error') or diag($said . $asked);
is(log_rows($node, 'crm', "application = 'busy anna' AND event = 'shown'"), 14 * $reads, '... each read is on record once');
is(log_rows($node, 'crm', "read_at < '2024-01-01'"), 0, 'the year is gone');
is($node->safe_psql('crm', "SELECT count(*) FROM contact_guard.query_text WHERE query LIKE 'text -%'"), 0, '... with its texts');
is($node->safe_psql('crm', "SELECT count(*) FROM pg_class WHERE relname ~ '^log_2023'"), 0, '... and its partitions');
is(log_rows($node, 'crm', "event = 'purge' AND count = 500"), $months, '... and each purge is a record');
ok(log_is_whole($node, 'crm', 1), 'the log is whole');

# The sessions that were recorded are not kept for ever: those that have ended go when WAL has moved on.
cmp_ok($node->safe_psql('crm', 'SELECT count(*) FROM contact_guard.journal_session'), '>', 14, 'sessions that have been recorded');
$node->safe_psql('crm', "CREATE TABLE ballast AS SELECT repeat('x', 1000) FROM generate_series(1, 90000); DROP TABLE ballast");
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
$node->safe_psql('crm', 'SELECT contact_guard.sync()');
ok($node->poll_query_until('crm', 'SELECT count(*) < 14 FROM contact_guard.journal_session'), '... are forgotten when WAL has moved on');
$node->stop;
done_testing();
