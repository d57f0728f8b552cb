# The file of the last signed checkpoint: two origins never share one, and a file that has the
# name of version 1.0 stays in use.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir;
mkdir "$dir/log", 0700 or die $!;
IPC::Run::run([ qw(contact-guard keygen --origin example.org/log --out), "$dir/log/key" ], '>', \my $vkey) or die;
my $node = guard_node('statefile', "contact_guard.signing_key_file = '$dir/log/key'", 'contact_guard.checkpoint_interval = 1');
make_roles($node);
make_crm($node, $_, 5) foreach qw(crm crm_2);

sub files { return join " ", sort map { m{([^/]*)\.checkpoint$} } glob "$dir/log/*.checkpoint" }

# A read, and whether it is signed under this origin
sub signed
{
	my ($dbname, $origin) = @_;
	as($node, $dbname, 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
	return $node->poll_query_until($dbname, "SELECT contact_guard.sync(); SELECT contact_guard.checkpoint() LIKE '$origin' || E'\\n%'
		AND last_checkpoint >= log_size FROM contact_guard.status()", "\nt");
}

ok(signed('crm', 'example.org/log/crm'), 'a log is signed');
ok(signed('crm_2', 'example.org/log/crm_2'), '... and another one');
$node->safe_psql('crm', "SELECT contact_guard.new_epoch('a test')");
ok(signed('crm', 'example.org/log/crm/2'), 'the second epoch of the one is not the first of the other');
ok(signed('crm_2', 'example.org/log/crm_2'), '... which goes on');
is(files(), 'contact_guard.example.org+log+crm contact_guard.example.org+log+crm+2 contact_guard.example.org+log+crm_2', 'each has a file');

# As version 1.0 left it
sub rename_to_old { return rename "$dir/log/contact_guard.example.org+log+$_[0].checkpoint", "$dir/log/contact_guard.example.org_log_$_[1].checkpoint" }
$node->stop;
ok(rename_to_old('crm_2', 'crm_2'), 'a file has its old name');
$node->start;
ok(signed('crm_2', 'example.org/log/crm_2'), '... the log goes on');
ok(signed('crm', 'example.org/log/crm/2'), '... the one that had the same name, too');
is(files(), 'contact_guard.example.org+log+crm contact_guard.example.org+log+crm+2 contact_guard.example.org_log_crm_2', '... no file is made anew');

# What is in it counts, and so does damage.
my $old = "$dir/log/contact_guard.example.org_log_crm_2.checkpoint";
my $kept = slurp_file($old);
foreach my $case ([ 'another root', $kept =~ s/^(\d+\n)..../$1AAAA/mr, 'is a fork' ], [ 'damage', "x\n$kept", 'is damaged' ])
{
	my ($name, $text, $problem) = @$case;
	$node->stop;
	open my $fh, '>', $old or die $!;
	print $fh $text;
	close $fh;
	$node->start;
	as($node, 'crm_2', 'anna', 'SELECT phone FROM crm.customer WHERE id = 2');
	ok($node->poll_query_until('crm_2', "SELECT problems::text ~ '$problem' FROM contact_guard.status()"), "$name in the old file: nothing is signed");
}
$node->stop;

# A file system without locks
open my $c, '>', "$dir/nolocks.c" or die $!;
print $c <<'END';
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

static int without_locks(int fd, int command, long argument)
{
	if (command != F_SETLK)
		return syscall(SYS_fcntl, fd, command, argument);
	errno = ENOLCK;
	return -1;
}
#define BODY { va_list list; long argument; va_start(list, command); argument = va_arg(list, long); va_end(list); return without_locks(fd, command, argument); }
int fcntl(int fd, int command, ...) BODY
int fcntl64(int fd, int command, ...) BODY
END
close $c;
system_or_bail('gcc', '-shared', '-fPIC', '-o', "$dir/nolocks.so", "$dir/nolocks.c");
{
	local $ENV{LD_PRELOAD} = "$dir/nolocks.so";
	$node->start;
}
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 3');
ok($node->poll_query_until('crm', "SELECT problems::text ~ 'could not lock file' FROM contact_guard.status()"), 'a file system without locks: nothing is signed');
like(slurp_file($node->logfile), qr/WARNING:.*could not sign a checkpoint: could not lock file.*\n.*HINT:  Set contact_guard\.state_directory to a directory whose file system has locks/, '... and the server log says what to do');
is(log_rows($node, 'crm', "event = 'shown' AND customer = '3'"), 1, '... but records go on');
$node->stop;
done_testing();
