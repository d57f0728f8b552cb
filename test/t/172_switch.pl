# The recorder passes WAL that has nothing of its database.  It does not stop in the zeros that
# pg_switch_wal() fills a segment with, of which a part is flushed before the rest: no reader
# could begin there, and the recorder would fail for ever.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('switch', 'autovacuum = off', 'wal_buffers = 32kB', 'wal_writer_delay = 1ms', 'wal_writer_flush_after = 0');
make_roles($node);
make_crm($node, 'crm', 100);

my $switching = session($node, 'postgres', 'postgres');
my $waiting = session($node, 'crm', 'postgres');
foreach my $round (1 .. 40)
{
	$switching->{stdin} .= "SELECT pg_switch_wal() FROM (SELECT pg_logical_emit_message(false, 'ballast', 'x')) x;\n";
	$switching->{run}->pump_nb;
	$waiting->query('SELECT contact_guard.sync()') foreach 1 .. 4;
	$switching->query('SELECT 1');
}
is(scalar(as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 1')), phone_of(1), 'a value is shown');
$node->safe_psql('crm', "SET statement_timeout = '60s'; SELECT contact_guard.sync()");
unlike(slurp_file($node->logfile), qr/could not read WAL/, 'the recorder has read all WAL');
ok(log_is_whole($node, 'crm'), 'the log is whole');
$node->stop;
done_testing();
