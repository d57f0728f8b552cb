# Two servers go on with one log: both standbys of a lost primary are promoted, or the old
# primary is started again after its standby took over.  What was given a name of its own by
# a failover has a name that no other server gives; where one name is signed twice, the
# witness and the common folder of state files say so at once.

use strict;
use warnings;

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

mkdir "$dir/$_", 0700 or die foreach qw(key left right held);
my ($code, $said) = guard('keygen', '--origin', 'example.org/log', '--out', "$dir/key/log");
is($code, 0, 'a key') or diag($said);
my ($vkey) = $said =~ m{^(example\.org/log\+\S+)$}m;

my $first = guard_node('first', { allows_streaming => 1 }, 'autovacuum = off', 'max_connections = 50', 'checkpoint_timeout = 1h',
	"contact_guard.signing_key_file = '$dir/key/log'", 'contact_guard.checkpoint_interval = 1');
make_roles($first);
make_crm($first, 'crm', 2000);

sub make_standby
{
	my ($node, $name) = @_;
	$node->backup($name);
	my $standby = PostgreSQL::Test::Cluster->new($name);
	$standby->init_from_backup($node, $name, has_streaming => 1);
	$standby->append_conf('postgresql.conf', "contact_guard.state_directory = '$dir/$name'") if -d "$dir/$name";
	$standby->start;
	return $standby;
}

# Reads, waits until all records are signed, and returns under which name
my $last_read = 100;
sub signed
{
	my ($node) = @_;
	as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = ' . ++$last_read);
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my $size = $node->safe_psql('crm', 'SELECT log_size FROM contact_guard.status()');
	until_true(sub { $node->safe_psql('crm', "SELECT last_checkpoint >= $size FROM contact_guard.status()") eq 't' })
	  or diag($node->safe_psql('crm', 'SELECT * FROM contact_guard.status()'));
	return (split /\n/, $node->safe_psql('crm', 'SELECT contact_guard.checkpoint()'))[0];
}

sub problems { return $_[0]->safe_psql('crm', "SELECT array_to_string(problems, '; ') FROM contact_guard.status()") }
sub witness { return guard('witness', $_[0]->connstr('crm') . ' user=postgres', '--state', "$dir/witness-$_[1]", '--vkey', $vkey) }

sub watched
{
	my ($what, $node, $state, $status, $like) = @_;
	my ($code, $said) = witness($node, $state);
	is($code, $status, "$what: the witness") or diag($said);
	like($said, $like, '... says so');
	return;
}

# Both standbys of a lost primary
my $left = make_standby($first, 'left');
my $right = make_standby($first, 'right');
is(signed($first), $origin, 'a log is signed');
$first->wait_for_catchup($_) foreach $left, $right;
watched('before', $first, $_, 0, qr/the first that was seen/) foreach 1 .. 3;
kill_server($first);
$_->promote foreach $left, $right;
my $of_left = signed($left);
my $of_right = signed($right);
like($of_left, qr{^$origin/2-$mark$}, 'one of the two has a new name');
like($of_right, qr{^$origin/2-$mark$}, 'the other, too');
isnt($of_left, $of_right, '... which are two names');
is(problems($_), '', '... all is well there') foreach $left, $right;
watched('to one of the two', $left, 1, 0, qr{^\Q$of_left\E: \d+ rows, consistent with those seen before as \Q$origin\E: the log has a new name});
watched('to the other', $right, 2, 0, qr{^\Q$of_right\E: \d+ rows, consistent with those seen before as \Q$origin\E: the log has a new name});
watched('from one to the other', $right, 1, 1, qr{REFUSED: two servers go on with this log, each under a name of its own: after a failover both were promoted});

# An admin gives both a new name: they stay two
$_->safe_psql('crm', "SELECT contact_guard.new_epoch('one of two')") foreach $left, $right;
is(signed($left), $of_left =~ s{/2-}{/3-}r, 'new_epoch() keeps the mark');
is(signed($right), $of_right =~ s{/2-}{/3-}r, '... of each');
watched('a new epoch', $right, 2, 0, qr{consistent with those seen before as \Q$of_right\E: the log has a new name});

# They have one folder for state files, and the second to be promoted finds the first's name
$right->stop;
$left->append_conf('postgresql.conf', "contact_guard.state_directory = '$dir/held'\ncontact_guard.state_directory_shared = on");
system('cp', (glob "$dir/left/*.checkpoint"), "$dir/held/") == 0 or die;
$left->reload;
my $common = make_standby($left, 'common');
my $common2 = make_standby($left, 'common2');
is(signed($left), $of_left =~ s{/2-}{/3-}r, 'the log goes on');
$left->wait_for_catchup($_) foreach $common, $common2;
kill_server($left);
$common->promote;
is(signed($common), $of_left =~ s{/2-}{/3-}r, 'a common folder: the first keeps the name, since nothing is missing');
$common2->promote;
as($common2, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 1');
like(signed($common2), qr{^$origin/4-$mark$}, 'the second finds what the first has signed, and takes a name of its own');
$_->stop foreach $common, $common2;

# A planned switchover, and the old primary is started again as one, with a folder of its own
my $old = guard_node('old', { allows_streaming => 1 }, 'autovacuum = off', 'max_connections = 50', 'checkpoint_timeout = 1h',
	"contact_guard.signing_key_file = '$dir/key/log'", 'contact_guard.checkpoint_interval = 1');
mkdir "$dir/$_", 0700 or die foreach qw(old new);
$old->append_conf('postgresql.conf', "contact_guard.state_directory = '$dir/old'");
$old->reload;
make_roles($old);
make_crm($old, 'crm', 2000);
my $new = make_standby($old, 'new');
is(signed($old), $origin, 'another log');
watched('another', $old, $_, 0, qr/the first that was seen/) foreach 4, 5;
$old->stop('fast');
$new->promote;
my $of_new = signed($new);
like($of_new, qr{^$origin/2-$mark$}, 'a planned switchover: the new primary has a new name, since the old one can be started again');
watched('the new primary', $new, $_, 0, qr{^\Q$of_new\E: \d+ rows, consistent with those seen before as \Q$origin\E: the log has a new name}) foreach 4, 5;
$old->start;
is(signed($old), $origin, 'the old one, started again, cannot know that: it signs under its old name');
like($new->safe_psql('crm', "SELECT reason FROM contact_guard.log WHERE event = 'failover'"),
	qr/had ended there with a shutdown, so nothing is missing unless its server was started once more/, '... which the record of the failover has foreseen');
watched('the old primary', $old, 4, 1, qr/REFUSED: it is another log/);
watched('the new primary, again', $new, 5, 0, qr/consistent with those seen before\n/);
$old->stop;

# The same with a common folder: the name stays, and nothing is signed twice
$new->append_conf('postgresql.conf', "contact_guard.state_directory_shared = on");
$new->reload;
my $next = make_standby($new, 'next');
is(signed($new), $of_new, 'the log goes on');
$new->stop('fast');
$next->promote;
is(signed($next), $of_new, 'a planned switchover with a common folder: the name stays');
$new->start;
as($new, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 2');
ok(until_true(sub { problems($new) =~ /no checkpoint is signed: the access log is a fork/ }), '... the old primary, started again, signs nothing, and says why')
  or diag(problems($new));
is(signed($next), $of_new, '... and the new one goes on');
$_->stop foreach $new, $next;
done_testing();
