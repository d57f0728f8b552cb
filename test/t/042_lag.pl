# How far the recorder is behind at 10,000 recorded reads a second.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep time);

my $seconds = $ENV{CG_SOAK} ? 60 : 4;
my $node = guard_node('lag', 'max_wal_size = 1GB', 'shared_buffers = 128MB');
make_roles($node);
make_crm($node, 'crm', 100_000);

# Records of single reads share transactions of the recorder, but whoever waits for the log
# does not wait for more of them.
{
	my $reader = session($node, 'crm', 'dispatcher');
	$reader->query('SET application_name = gathered');
	my $begun = time;
	$reader->query(join(' ', map { "SELECT phone FROM crm.customer WHERE id = $_;" } 1 .. 300));
	my $took = time - $begun;
	is(log_rows($node, 'crm', "application = 'gathered' AND event = 'shown'"), 300, 'single reads are on record');
	my $transactions = $node->safe_psql('crm', "SELECT count(DISTINCT xmin::text) FROM contact_guard.log WHERE application = 'gathered'");
	# One in 100 ms, and some more, however slow the machine is.
	cmp_ok($transactions, '<', 10 + 20 * $took, '... and share transactions');
	my $least = 1000;
	foreach my $id (1 .. 30)
	{
		$reader->query("SELECT phone FROM crm.customer WHERE id = $id");
		my $asked = time;
		$reader->query('SELECT contact_guard.sync()');
		$least = 1000 * (time - $asked) if 1000 * (time - $asked) < $least;
	}
	cmp_ok($least, '<', 100, 'sync() does not wait until more records are gathered');
	$reader->quit;
}

my $reads = PostgreSQL::Test::Utils::tempdir . '/reads.sql';
append_to_file($reads, "\\set id random(1, 99980)\nSELECT id, phone FROM crm.customer WHERE id BETWEEN :id AND :id + 19;\n");

my $session = session($node, 'crm', 'postgres');
my ($out, $err, @lag);
my $bytes = 0;
my $start = time;
my $run;
{
	local $ENV{PGAPPNAME} = 'load';
	$run = IPC::Run::start([ $node->installed_command('pgbench'), '-n', '-M', 'prepared', '-c', 4, '-R', 500, '-T', $seconds, '-f', $reads, '-U', 'dispatcher',
			'-h', $node->host, '-p', $node->port, 'crm' ], '>', \$out, '2>', \$err);
}
usleep(300_000);
while (time - $start < $seconds - 0.3)
{
	my $lag = $session->query('SELECT lag_bytes FROM contact_guard.status()');
	$bytes = $lag if $lag > $bytes;
	my $asked = time;
	$session->query('SELECT contact_guard.sync()');
	push @lag, 1000 * (time - $asked);
	usleep(20_000);
}
ok($run->finish, 'pgbench') or diag($err);
my ($transactions) = $out =~ /number of transactions actually processed: (\d+)/;
@lag = sort { $a <=> $b } @lag;
diag(sprintf '%.0f recorded reads a second for %d s (%.0f statements); sync() took %.1f ms in the median, %.1f ms at 95 %%, %.1f ms at most (%d samples); lag_bytes at most %d',
	20 * $transactions / $seconds, $seconds, $transactions, $lag[ $#lag / 2 ], $lag[ $#lag * 0.95 ], $lag[-1], scalar @lag, $bytes);
is(log_rows($node, 'crm', "application = 'load' AND event = 'shown'"), 20 * $transactions, 'each is on record');
cmp_ok($lag[ $#lag / 2 ], '<', 2000, 'the recorder keeps up');
$session->quit;
$node->stop;
done_testing();
