# A clock that goes back: windows that had closed stay closed until it has caught up, none
# opens early, and it is on record.  An administrator can accept the present time.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

# The servers' clock is that of the machine and an offset, in seconds, that a file has.
my $folder = PostgreSQL::Test::Utils::tempdir();
append_to_file("$folder/clock.c", <<'C');
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
int gettimeofday(struct timeval *restrict tv, void *restrict zone)
{
	struct timespec now;
	char text[32] = "";
	int file = open(getenv("CLOCK_OFFSET"), O_RDONLY);
	if (file >= 0)
	{
		if (read(file, text, sizeof(text) - 1) < 0)
			text[0] = 0;
		close(file);
	}
	clock_gettime(CLOCK_REALTIME, &now);
	tv->tv_sec = now.tv_sec + atol(text);
	tv->tv_usec = now.tv_nsec / 1000;
	return 0;
}
C
system('cc', '-shared', '-fPIC', '-o', "$folder/clock.so", "$folder/clock.c") == 0 or plan skip_all => 'there is no compiler';

sub set_clock
{
	my ($offset) = @_;
	open my $file, '>', "$folder/new" or die $!;
	print $file $offset;
	close $file;
	rename "$folder/new", "$folder/offset" or die $!;
	return;
}

set_clock(0);
$ENV{CLOCK_OFFSET} = "$folder/offset";
my $node;
{
	local $ENV{LD_PRELOAD} = "$folder/clock.so";
	$node = guard_node('clock', 'autovacuum = off');
}
sub restart
{
	local $ENV{LD_PRELOAD} = "$folder/clock.so";
	$node->restart;
	return;
}

make_roles($node);
make_crm($node, 'crm', 30);
sub phone { return as($node, 'crm', 'anna', "SELECT phone FROM crm.customer WHERE id = $_[0]") =~ s/^\n//r }
sub clock_records { return log_rows($node, 'crm', "event = 'clock'" . ($_[0] // '')) }

$node->safe_psql('crm', "UPDATE crm.intervention SET ends_at = now() + interval '1 hour' WHERE customer_id = 1;
	UPDATE crm.intervention SET starts_at = now() + interval '1 hour' WHERE customer_id = 2;
	UPDATE crm.intervention SET ends_at = now() + interval '1 hour' WHERE customer_id = 4");
is(phone(1), phone_of(1), 'a window is open');
is(phone(2), mask_of(2), '... another one will be');
is(clock_records(), 0, 'a clock that goes on makes no record');

set_clock(7200);
is(phone(1), mask_of(1), 'two hours later the first is closed');
is(phone(2), phone_of(2), '... and the second is open');
set_clock(0);
is(phone(1), mask_of(1), 'when the clock goes back, the first stays closed');
is(phone(2), mask_of(2), '... the second is shut again');
is(phone(3), phone_of(3), '... and one that is open all the time is open');
foreach (1 .. 100)
{
	last if clock_records() > 0;
	usleep(100_000);
}
is(clock_records(" AND reason ~ '^the clock went back by 7[12][0-9][0-9] s: windows that had closed stay closed until it has caught up\$'"), 1, 'it is on record');
is(clock_records(), 1, '... once');
is(log_rows($node, 'crm', "event = 'withheld' AND customer = '1' AND reason = 'window closed'"), 2, '... as are the reads that were withheld');
restart();
is(phone(4), mask_of(4), 'after a restart a window that had closed is closed');
is(phone(3), phone_of(3), '... and the other one open');

{
	my ($out, $err) = as($node, 'crm', 'anna', "SELECT contact_guard.accept_clock('I was late')");
	is(state_of($err), '42501', 'a technician cannot accept the time');
	is((as($node, 'crm', 'postgres', "SELECT contact_guard.accept_clock('the time server was wrong')"))[1], '', '... an administrator can');
}
is(phone(1), phone_of(1), 'then the first is open');
is(phone(2), mask_of(2), '... and the second not yet');
is(clock_records(" AND actor = 'postgres' AND reason ~ '^the time is accepted, 7[12][0-9][0-9] s before the latest one: the time server was wrong\$'"), 1, '... on record');
restart();
is(phone(1), phone_of(1), '... also after a restart');
ok(log_is_whole($node, 'crm'), 'the log is whole');
$node->stop;
done_testing();
