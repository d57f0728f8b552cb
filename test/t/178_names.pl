# Whoever may create databases chooses their names.  No such name makes a log that another log
# takes for its own later one: neither its name nor its state file.

use strict;
use warnings;

use Fcntl qw(:DEFAULT);
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
my $origin = 'example.org/log/crm';
my $mark = '[0-9a-f]{8}';

sub guard
{
	my $out = '';
	IPC::Run::run([ 'contact-guard', @_ ], '>&', \$out);
	return ($? >> 8, $out);
}

sub until_true { my ($test) = @_; foreach (1 .. 600) { return 1 if $test->(); usleep(100_000) } return 0 }

mkdir "$dir/key", 0700 or die;
my ($code, $said) = guard('keygen', '--origin', 'example.org/log', '--out', "$dir/key/log");
is($code, 0, 'a key') or diag($said);
my ($vkey) = $said =~ m{^(example\.org/log\+\S+)$}m;
my $node = guard_node('first', { allows_streaming => 1 }, 'autovacuum = off', 'max_connections = 50', 'checkpoint_timeout = 1h',
	"contact_guard.signing_key_file = '$dir/key/log'", 'contact_guard.state_directory_shared = on', 'contact_guard.checkpoint_interval = 1');
make_roles($node);
make_crm($node, 'crm', 2000);

my $last_read = 100;
sub signed
{
	my ($dbname) = @_;
	$dbname //= 'crm';
	as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = ' . ++$last_read) if $dbname eq 'crm';
	$node->safe_psql($dbname, 'SELECT contact_guard.sync()');
	my $size = $node->safe_psql($dbname, 'SELECT log_size FROM contact_guard.status()');
	until_true(sub { $node->safe_psql($dbname, "SELECT last_checkpoint >= $size AND last_checkpoint > 0 FROM contact_guard.status()") eq 't' })
	  or diag($node->safe_psql($dbname, 'SELECT * FROM contact_guard.status()'));
	return $node->safe_psql($dbname, 'SELECT contact_guard.checkpoint()');
}

sub name { return ($_[0] =~ /^(.*)\n/)[0] }
sub size { return ($_[0] =~ /^.*\n(\d+)\n/)[0] }
sub state_file { return "$dir/key/contact_guard.example.org+log+$_[0].checkpoint" }
sub newest_epoch { $node->safe_psql('crm', 'SELECT contact_guard.sync()'); return $node->safe_psql('crm', "SELECT reason FROM contact_guard.log WHERE event = 'epoch' ORDER BY seq DESC LIMIT 1") }
sub gaps { return $node->safe_psql('crm', "SELECT coalesce(string_agg(reason, '; ' ORDER BY seq), '') FROM contact_guard.log WHERE event = 'gap'") }
sub verify { return guard('verify', $node->connstr('crm') . ' user=postgres', '--vkey', $vkey, @_) }

sub make_standby
{
	my ($name) = @_;
	$node->safe_psql('postgres', 'ALTER SYSTEM RESET primary_conninfo');
	$node->backup($name);
	my $standby = PostgreSQL::Test::Cluster->new($name);
	$standby->init_from_backup($node, $name, has_streaming => 1);
	$standby->start;
	$node->wait_for_catchup($standby);
	return $standby;
}

sub promote
{
	my ($standby) = @_;
	kill_server($node);
	$standby->promote;
	$node = $standby;
	return;
}

# A role that may create databases, and no more; the extension is in template1.
$node->safe_psql('template1', 'CREATE EXTENSION contact_guard');
$node->safe_psql('postgres', 'CREATE ROLE mkdb LOGIN CREATEDB');
is(name(signed()), $origin, 'a log is signed');
foreach my $case ([ 'crm/2', 'crm%2F2' ], [ 'crm%2F2', 'crm%252F2' ], [ 'crm/9-0badcafe', 'crm%2F9-0badcafe' ], [ "a b+c\td", 'a%20b%2Bc%09d' ])
{
	my ($dbname, $escaped) = @$case;
	$node->safe_psql('postgres', qq(CREATE DATABASE "$dbname"), extra_params => [ '-U', 'mkdb' ]);
	is(name(signed($dbname)), "example.org/log/$escaped", "the database \"$dbname\" has a log whose name has no part more");
	ok(-f state_file($escaped), '... nor that of its file');
}
my $standby = make_standby('lossy');
my $receiver = $standby->safe_psql('postgres', 'SELECT pid FROM pg_stat_wal_receiver');
$standby->safe_psql('postgres', "ALTER SYSTEM SET primary_conninfo = ''");
$standby->reload;
wait_gone($receiver);
my $lost;
$lost = signed() foreach 1 .. 3;
promote($standby);
like(name(signed()), qr{^$origin/2-$mark$}, 'a failover loses what was signed: the next number is free');
# There may be a gap before it: a standby that is cut off within a second of its base backup may
# not have heard that WAL before the backup has no record (src/log/quiet.c).
like(gaps(), qr{(?:^|; )a checkpoint of @{[size($lost)]} records was signed as $origin, and this log does not continue it}, '... and the gap names what was lost');
($code, $said) = verify();
like($said, qr/NOT ALL of the @{[size($lost)]} rows that were signed as \Q$origin\E are in this log/, '... verify, too');

# A log of another database that has such a name, as one of an earlier version can have
my $now = name(signed());
$node->append_conf('postgresql.conf', "contact_guard.origin = '$origin/3'");
$node->reload;
$node->safe_psql('postgres', 'CREATE DATABASE other');
is(name(signed('other')), "$origin/3", 'another database signs under a name that looks like the next one');
is(name(signed()), $now, '... and the log goes on under its own');
like(slurp_file(state_file('crm+3')), qr{^\x{2014} contact_guard\.log/\d+/\d+/1 AAAAAAA=$|^\xE2\x80\x94 contact_guard\.log/\d+/\d+/1 AAAAAAA=$}m, '... whose file says of which database it is');
$node->safe_psql('crm', "SELECT contact_guard.new_epoch('a test')");
my $last = signed();
like(name($last), qr{^$origin/4-$mark$}, 'new_epoch() passes over it');
like(newest_epoch(), qr{^new epoch $origin/4-$mark: a test; the last checkpoint of the old one: \Q$now\E\n}, '... and names the last checkpoint of this log');
is(name(signed('other')), "$origin/3", '... the other one goes on');

# After a failover, too: nothing was lost, and the files of others are no reason for a new name
$node->append_conf('postgresql.conf', "contact_guard.origin = '$origin/5'");
$node->reload;
$node->safe_psql('postgres', 'CREATE DATABASE third');
is(name(signed('third')), "$origin/5", 'a third database');
$standby = make_standby('kept');
$last = signed();
$node->wait_for_catchup($standby);
my $before = gaps();
promote($standby);
is(name(signed()), name($last), 'a failover that loses nothing: the log keeps its name');
is(gaps(), $before, '... and no gap is claimed');

# A file that does not say whose it is, as version 1.0 has left it
my $old = slurp_file(state_file('crm+5')) =~ s/^\S+ contact_guard\.log.*\n//mr;
$old =~ s{\A\Q$origin\E/5$}{$origin/6}m;
open my $fh, '>', state_file('crm+6') or die $!;
print $fh $old;
close $fh;
$standby = make_standby('unproved');
signed();
$node->wait_for_catchup($standby);
promote($standby);
like(name(signed()), qr{^$origin/7-$mark$}, 'a later file that does not say whose it is: the log has a new name, which is free');
is(gaps(), $before, '... and no gap is claimed');
like(newest_epoch(), qr{: it is not known what the server that failover seq \d+ left had signed last; the last checkpoint of the old one: $origin/4-}, '... its record says so');

# Another server that signs at this moment with the same state file
$now = name(signed());
open my $held, '>>', state_file($now =~ s{^example\.org/log/}{}r =~ tr{/}{+}r) . '.lock' or die $!;
my $whole = pack('ssx4qqix4', F_WRLCK, 0, 0, 0, 0);
ok(fcntl($held, F_SETLK, $whole), 'another process has the lock of the state file');
$last = $node->safe_psql('crm', 'SELECT contact_guard.checkpoint()');
as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = ' . ++$last_read);
ok(until_true(sub { $node->safe_psql('crm', 'SELECT problems FROM contact_guard.status()') =~ /another server signs with the state file/ }),
	'... status() says so');
is($node->safe_psql('crm', 'SELECT contact_guard.checkpoint()'), $last, '... and nothing is signed meanwhile');
close $held;
$node->reload;
isnt(size(signed()), size($last), '... the next checkpoint is signed when the lock is free');

# The log's own later file, which a copied data directory does not know of
$now = name(signed());
$node->stop;
system_or_bail('cp', '-a', $node->data_dir, "$dir/copy");
$node->start;
$node->safe_psql('crm', "SELECT contact_guard.new_epoch('before the copy comes back')");
my $later = signed();
like(name($later), qr{^$origin/8-$mark$}, 'a new epoch');
$node->stop;
system_or_bail('rm', '-rf', $node->data_dir);
system_or_bail('cp', '-a', "$dir/copy", $node->data_dir);
$node->start;
$node->safe_psql('crm', "SELECT contact_guard.new_epoch('the copy')");
like(newest_epoch(), qr{^new epoch $origin/9-$mark: the copy; the last checkpoint of the old one: \Q$later\E}, 'new_epoch() of the copy names what was signed last');
($code, $said) = verify();
is($code, 0, 'verify') or diag($said);
$node->stop;
done_testing();
