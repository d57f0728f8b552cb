# contact-guard witness --every 1: follows a log that grows, outlives a restart of the
# server and notes that are made to choke it, and ends at a fork.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Mock;
use Witness;
use IPC::Run;
use MIME::Base64;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
my $state = "$dir/state/checkpoint";
my %vkey;

mkdir "$dir/keys", 0700 or die $!;
foreach my $case ([ 'log', 'example.org/log' ], [ 'witness', 'witness.example.org', '--witness' ], [ 'pushed', 'pushed.example.org', '--witness' ])
{
	my ($name, $origin, @more) = @$case;
	IPC::Run::run([ 'contact-guard', 'keygen', '--origin', $origin, '--out', "$dir/keys/$name", @more ], '>', \$vkey{$name});
	chomp $vkey{$name};
}
my $node = guard_node('witness', "contact_guard.signing_key_file = '$dir/keys/log'", 'contact_guard.checkpoint_interval = 1',
	# The last is of a kind that comes later.
	"contact_guard.witness_keys = '" . join(', ', $vkey{witness}, $vkey{pushed}, 'later.example+00000000+' . encode_base64("\x06" . 'x' x 1312, '')) . "'");
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', 'CREATE ROLE verifier LOGIN IN ROLE contact_guard_auditor');
my @command = ('contact-guard', 'witness', $node->connstr('crm') . ' user=verifier', '--state', "$dir/state", '--key',
	"$dir/keys/witness", '--vkey', $vkey{log}, '--every', 1);
my $witness = IPC::Run::start(\@command, '<', \undef, '>', "$dir/out", '2>', "$dir/err");

sub rounds { return scalar(() = slurp_file("$dir/out") =~ /^.* rows, /mg) }
sub rows { return (slurp_file("$dir/out") =~ /: (\d+) rows, .*\n\z/)[0] // 0 }
sub reads { return as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id < 9') }

sub until_true
{
	my ($test) = @_;
	foreach (1 .. 160)
	{
		return 1 if $test->();
		usleep(50_000);
	}
	return 0;
}

sub rounds_more { my ($n) = @_; my $before = rounds(); return until_true(sub { rounds() >= $before + $n }) }

# Follows
ok(until_true(sub { reads(); rows() > 0 }), 'the witness sees a log');
my $rows = rows();
ok(until_true(sub { reads(); rows() > $rows }), '... and that it grows');
like(slurp_file("$dir/out"), qr/\A\S+: \d+ rows, the first.*\n(\S+: \d+ rows, consistent.*\n)+\z/, '... which is all that it says');
$node->safe_psql('crm', 'SELECT contact_guard.sync()');
ok(rounds_more(3), 'it comes often');
is(scalar(() = $node->safe_psql('crm', 'SELECT contact_guard.checkpoint()') =~ / witness\.example\.org /g), 1, '... and cosigns a checkpoint once');

# Another one is pushed to; both are needed.
my $pushed = Witness->new("$dir/keys/pushed", $vkey{log});
my $policy = write_to("$dir/policy", "log $vkey{log}\nwitness pulls $vkey{witness}\nwitness pushed $vkey{pushed} @{[ $pushed->url ]}\n" .
	"group both all pulls pushed\nquorum both\n");
my $dsn = $node->connstr('crm') . ' user=verifier';
$ENV{no_proxy} = '127.0.0.1';
my ($code, $said) = guard_says('verify', $dsn, '--policy', $policy);
is($code, 2, 'a policy wants another cosignature') or diag($said);
($code, $said) = guard_says('push', $dsn, '--policy', $policy);
is($code, 0, 'push gets one from a witness, and hands it to the server') or diag($said);
# Until both have cosigned the same checkpoint: each has rounds of its own
ok(until_true(sub {
		guard_says('push', $dsn, '--policy', $policy);
		rounds_more(1);
		($code, $said) = guard_says('verify', $dsn, '--policy', $policy, '--max-age', 600);
		return $code == 0;
	}), '... which meets the policy') or diag($said);
like($said, qr/^cosigned by pulls at .*\ncosigned by pushed at .*\n.*^a checkpoint of \d+ rows meets the policy/ms, '... of both');
my $row = ($said =~ /checkpoint of (\d+) rows/)[0] - 1;
($code, $said) = guard_says('proof', $dsn, '--seq', $row, '--policy', $policy, '--out', "$dir/row.tlog-proof");
is($code, 0, 'a proof has that checkpoint') or diag($said);
($code, $said) = guard_says('check-proof', "$dir/row.tlog-proof", '--policy', $policy);
is($code, 0, '... and is good without the server') or diag($said);
$pushed->stop;

# One to a folder
my ($out, $err) = ('', '');
IPC::Run::run(\@command, '<', \undef, '>', \$out, '2>', \$err);
is($? >> 8, 2, 'there is no second one in its folder');
like($err, qr/another witness works in/, '... which says why');

# A restart
$node->stop;
ok(until_true(sub { slurp_file("$dir/err") =~ /connection to server/ }), 'without a server it complains');
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->start;

# As much as a note may have: what it keeps must be a note even with its own signature.
$node->safe_psql('crm', q(UPDATE contact_guard.signed_checkpoint SET note = split_part(note, E'\n\n', 1) || E'\n\n' || ) .
	join(' || ', map { "E'\\u2014 x.example/$_ " . encode_base64("abcd$_", '') . "\\n'" } 1 .. 99) .
	q( || regexp_replace(split_part(note, E'\n\n', 2), '\n.*', E'\n')));
ok(rounds_more(2), 'a note that is full: it goes on');
like(slurp_file("$dir/err"), qr/did not take it:.* more than 100 signatures/, '... though the server has no room for its signature');
my $kept = slurp_file($state);
is(scalar(() = $kept =~ /^\xE2\x80\x94 /mg), 100, '... and keeps as much as can be read again');
like($kept, qr/^\xE2\x80\x94 example\.org\/log .*^\xE2\x80\x94 witness\.example\.org /ms, "... the log's signature and its own");
$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
$node->restart;
$rows = rows();
ok(until_true(sub { reads(); rows() > $rows }), 'it follows the log again');
ok($witness->pumpable, '... and has been one process');

# A fork: the log has become shorter.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
$node->restart;
$node->safe_psql('crm', 'DELETE FROM contact_guard.signed_checkpoint WHERE size > (SELECT min(size) FROM contact_guard.signed_checkpoint)');
$witness->finish;
is($witness->result(0), 1, 'a fork ends it');
like(slurp_file("$dir/err"), qr/REFUSED: the log has become shorter.*\n\z/, '... and it says why');
is(scalar(() = glob "$dir/state/fork-*"), 2, '... with both notes');
$node->stop;
done_testing();
