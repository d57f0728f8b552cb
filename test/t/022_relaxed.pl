# durability = relaxed: superusers alone may choose it, it shows in status() and in
# each record, and WAL is flushed within three times wal_writer_delay.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);

my $delay = 0.5;
my $node = guard_node('relaxed', 'fsync = on', 'wal_writer_delay = 500ms', 'autovacuum = off');
make_roles($node);
make_crm($node, 'crm', 100);
log_rows($node, 'crm', 'true');

is(state_of((as($node, 'crm', 'anna', 'SET contact_guard.durability = relaxed'))[1]), '42501', 'a reader may not choose it');
is(state_of((as($node, 'crm', 'postgres', 'ALTER ROLE anna SET contact_guard.durability = relaxed'))[1]), '', 'a superuser may, for a role');
like(as($node, 'crm', 'postgres', 'SET contact_guard.durability = relaxed; SELECT durability FROM contact_guard.status()'), qr/^relaxed$/, 'status() shows it');
like(as($node, 'crm', 'postgres', 'SELECT durability FROM contact_guard.status()'), qr/^shown$/, '... and shown where it is');

my $anna = session($node, 'crm', 'anna');
my $admin = session($node, 'crm', 'postgres');
is($anna->query('SHOW contact_guard.durability'), 'relaxed', 'anna is relaxed');
my ($late, $longest) = (0, 0);
foreach my $i (1 .. 6)
{
	is($anna->query("SET application_name = 'relaxed'; SELECT phone FROM crm.customer WHERE id = $i"), phone_of($i), 'a value') if $i == 1;
	$anna->query("SELECT phone FROM crm.customer WHERE id = $i") if $i > 1;
	my $start = time;
	my $lsn = $admin->query('SELECT journal_lsn FROM contact_guard.status()');
	$late++ if $admin->query("SELECT pg_current_wal_flush_lsn() < '$lsn'") eq 't';
	usleep(5_000) while time < $start + 10 && $admin->query("SELECT pg_current_wal_flush_lsn() < '$lsn'") eq 't';
	my $took = time - $start;
	$longest = $took if $took > $longest;
	usleep(rand 200_000);
}
diag(sprintf '%d of 6 values came before their record was durable; it was %.0f ms later at most (wal_writer_delay %.0f ms)', $late, 1000 * $longest, 1000 * $delay);
cmp_ok($late, '>', 0, 'a value does not wait for the flush');
cmp_ok($longest, '<', 3 * $delay + 0.2, 'which comes within three times wal_writer_delay');
is(log_rows($node, 'crm', "event = 'shown' AND application = 'relaxed' AND reason ~ 'durability relaxed'"), 6, 'each record says so');
is($anna->query("SELECT phone FROM crm.customer WHERE id = 60"), mask_of(60), 'a mask');
is(log_rows($node, 'crm', "event = 'withheld' AND customer = '60' AND reason ~ 'no window; durability relaxed'"), 1, 'withheld ones, too');
$_->quit foreach $anna, $admin;
$node->safe_psql('postgres', 'ALTER ROLE anna RESET contact_guard.durability');
as($node, 'crm', 'anna', "SET application_name = 'strict'; SELECT phone FROM crm.customer WHERE id = 1");
is(log_rows($node, 'crm', "event = 'shown' AND application = 'strict' AND reason IS NULL"), 1, 'a strict one does not');
$node->stop('immediate');
$node->start;
ok(log_is_whole($node, 'crm'), 'the log is whole after a crash');
$node->stop;
done_testing();
