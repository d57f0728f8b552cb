# A recorder that cannot go on: stopped, shut out of its database, or failing again
# and again.  Readers go on up to max_backlog, status() and the server log say what is
# wrong, and when the cause is gone it catches up.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Wire;

my $node = guard_node('stuck', 'contact_guard.max_backlog = 64kB');
make_roles($node);
make_crm($node, 'crm', 1000);

sub status { return $node->safe_psql('crm', "SELECT $_[0] FROM contact_guard.status()") }

sub within
{
	my ($seconds, $test) = @_;
	foreach (1 .. 20 * $seconds) { return 1 if $test->(); usleep(50_000) }
	return 0;
}

# Reads up to the limit, which is an error; then undoes what is wrong.
sub is_stuck
{
	my ($what, $reader, $shows, $undo) = @_;
	my ($read, @error) = (0);
	while ($read < 5000 && !@error)
	{
		my @messages = $reader->query('SELECT phone FROM crm.customer WHERE id = 5');
		@error = Wire::errors(@messages);
		$read++ if !@error && (Wire::rows(@messages))[0][0] eq phone_of(5);
	}
	cmp_ok($read, '>', 100, "$what: readers go on");
	is($error[0]{C}, '53400', '... up to max_backlog');
	cmp_ok(status('lag_bytes'), '>', 60_000, '... status() shows the lag');
	$shows->();
	$undo->();
	ok(within(40, sub { status('lag_bytes') == 0 }), '... then the recorder catches up');
	$reader->query('SELECT 1');
	is((Wire::rows($reader->query('SELECT phone FROM crm.customer WHERE id = 5')))[0][0], phone_of(5), '... and readers go on');
	is(log_rows($node, 'crm', "application = '$what' AND event = 'shown'"), $read + 1, '... each record is in the log once');
	ok(log_is_whole($node, 'crm'), '... which is whole');
	$reader->quit;
	return;
}

sub reader { return Wire->new($node, 'crm', 'anna', application_name => $_[0]) }

# Stopped
{
	my $reader = reader('SIGSTOP');
	$reader->query('SELECT phone FROM crm.customer WHERE id = 1');
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	$node->poll_query_until('crm', "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder'");
	my $pid = $node->safe_psql('crm', "SELECT pid FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder'");
	kill 'STOP', $pid;
	$node->safe_psql('crm', "SELECT 1");
	$reader->query("SET application_name = 'stopped'");
	is_stuck('stopped', $reader, sub { is(status('recorder'), 'running', '... it is there') }, sub { kill 'CONT', $pid });
}

# Shut out: a session that was there before goes on reading
{
	my $reader = reader('shut out');
	$node->poll_query_until('postgres', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder'");
	my $admin = Wire->new($node, 'crm', 'postgres');
	$node->safe_psql('postgres', 'ALTER DATABASE crm ALLOW_CONNECTIONS false');
	my $offset = -s $node->logfile;
	is((Wire::rows($reader->query('SELECT phone FROM crm.customer WHERE id = 1')))[0][0], phone_of(1), 'ALLOW_CONNECTIONS false: a session that was there reads');
	my $ask = sub { (Wire::rows($admin->query("SELECT $_[0] FROM contact_guard.status()")))[0][0] };
	$admin->query('SELECT contact_guard.sync()');
	is($ask->('lag_bytes'), 0, '... and its record is stored');
	unlike(slurp_file($node->logfile, $offset), qr/FATAL/, '... by a recorder that is let in');
	$node->safe_psql('postgres', 'ALTER DATABASE crm ALLOW_CONNECTIONS true');
	is(log_rows($node, 'crm', "application = 'shut out'"), 1, '... with the record');
	$_->quit foreach $reader, $admin;
}

# An error, again and again: a tablespace that is full, where test/run could mount one
SKIP:
{
	my $full = $ENV{CG_SMALL};
	skip 'no small filesystem: test/run mounts one when it is root', 9 if !$full;
	mkdir "$full/space" or die "$full: $!";
	$node->safe_psql('crm', "CREATE TABLESPACE small LOCATION '$full/space'");
	$node->safe_psql('postgres', 'ALTER DATABASE crm SET TABLESPACE small');
	my $reader = reader('disk full');
	is((Wire::rows($reader->query('SELECT phone FROM crm.customer WHERE id = 1')))[0][0], phone_of(1), 'a database that was moved to another tablespace');
	is(log_rows($node, 'crm', "application = 'disk full'"), 1, '... has its records there');
	$reader->query("SET application_name = 'full'");
	my $offset = -s $node->logfile;
	system("dd if=/dev/zero of=$full/ballast bs=1M >/dev/null 2>&1; dd if=/dev/zero of=$full/more bs=1k >/dev/null 2>&1");
	# One page may have room for some
	is_stuck('full', $reader, sub {
		ok(within(20, sub { status('recorder') =~ /failed while .*No space left/ }), '... status() says why') or diag(status('recorder'));
		like(slurp_file($node->logfile, $offset), qr/ERROR: .*No space left/, '... the server log, too');
		cmp_ok(scalar(() = slurp_file($node->logfile, $offset) =~ /No space left/g), '<', 60, '... not too often');
	}, sub { unlink "$full/ballast", "$full/more" });
	$node->safe_psql('postgres', 'ALTER DATABASE crm SET TABLESPACE pg_default');
	$node->safe_psql('postgres', 'DROP TABLESPACE small');
	rmdir "$full/space";
	is(as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 2'), phone_of(2), 'moved back, it shows');
	ok(log_is_whole($node, 'crm'), '... and records');
}
$node->stop;
done_testing();
