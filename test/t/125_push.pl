# contact-guard push: checkpoints are brought to witnesses of the policy (c2sp.org/tlog-witness),
# which are a second implementation of the protocol (lib/Witness.pm), honest or not.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use IO::Socket::INET;
use IPC::Run;
use Mock;
use PostgreSQL::Test::Utils;
use Test::More;
use Witness;

my $origin = 'example.com/log';
my $mock = Mock->new('push', $origin);
my ($dsn, $vkey) = ($mock->dsn, $mock->vkey);
my ($status, $said);
my (%vkey, %witness);
# Proxies of the environment are not asked for 127.0.0.1.
$ENV{no_proxy} = '127.0.0.1';

foreach my $name (qw(a b))
{
	$vkey{$name} = $mock->keygen($name, "witness.example/$name", '--witness');
	$witness{$name} = Witness->new($mock->work($name), $vkey);
}
my $w = $witness{a};

sub guard { ($status, $said) = guard_says(@_); return $status }
sub policy { my ($name, @lines) = @_; return write_to($mock->work($name), join('', map { "$_\n" } @lines)) }

# A third one, of which notes and proofs are checked by golang.org/x/mod: see make independent.
my ($go, $go_url);
if ($ENV{CG_GO})
{
	local %ENV = (%ENV, GO111MODULE => 'off', GOPATH => '/usr/share/gocode', GOCACHE => $mock->work('cache'));
	$vkey{c} = $mock->keygen('c', 'witness.example/c', '--witness');
	system_or_bail($ENV{CG_GO}, 'build', '-o', $mock->work('witness'), "$FindBin::RealBin/../independent/witness.go");
	$go = IPC::Run::start([ $mock->work('witness'), $mock->work('c'), $vkey ], '<', \my $in, '>', \$go_url);
	$go->pump until $go_url =~ /\n/;
	chomp $go_url;
}

my @lines = ("log $vkey", map { "witness $_ $vkey{$_} @{[ $witness{$_}->url ]}" . ($_ eq 'a' ? '/' : '') } qw(a b));
my $both = policy('both', @lines, 'group g all a b', 'quorum g');
my $by_go = $go && policy('by_go', "log $vkey", "witness c $vkey{c} $go_url", 'quorum c');
my $one = policy('one', @lines[0, 1], 'quorum a');
my @push = ('push', $dsn, '--policy');

sub handed { return $mock->sql('SELECT count(*) FROM contact_guard.mock_cosigned') }

# A log that grows
$mock->publish(0, 9);
is(guard(@push, $both), 0, 'a log that the witnesses have not seen') or diag($said);
like($said, qr/^\Q$origin\E: 10 rows, cosigned by a\n\Q$origin\E: 10 rows, cosigned by b$/m, '... is cosigned by both');
is($mock->sql('SELECT count(*) FROM contact_guard.mock_cosigned'), 2, '... and handed to the server');
my $note = $mock->sql("SELECT note FROM contact_guard.mock_cosigned WHERE note LIKE '%witness.example/b%'");
like($note, qr/\A\Q$origin\E\n10\n\S+\n\n-- \Q$origin\E \S+\n-- witness\.example\/b \S+\n?\z/, '... as a note of the log and the witness, without strangers');
$note =~ s/^-- /\xE2\x80\x94 /mg;
$mock->put_note(10, "$note\n" =~ s/\n+\z/\n/r);
is(guard('verify', $dsn, '--policy', policy('only_b', @lines, 'quorum b')), 0, '... which meets a policy') or diag($said);
$w->forget;
is(guard(@push, $one), 0, 'the same checkpoint again') or diag($said);
like($w->asked, qr/\APOST \/add-checkpoint HTTP\/1\.1\nold 0\n\n\Q$origin\E\n10\n.*^POST \/add-checkpoint HTTP\/1\.1\nold 10\n\n\Q$origin\E\n10\n/ms,
	'... is tried from 0, and then from the size that the witness has said');
unlike($w->asked, qr/witness\.example/, "... and has the log's signature only");
foreach my $size (16, 17, 255, 301)
{
	$mock->publish($mock->sql('SELECT max(seq) + 1 FROM contact_guard.mock_row'), $size - 1);
	is(guard(@push, $both), 0, "$size rows: each proof is found good by the other implementation") or diag($said);
	is(guard(@push, $by_go), 0, '... and by the one in Go') or diag($said) if $go;
}

# What witnesses answer, and what is said of it
my %answers = (
	'status 404 unknown log' => [ 2, qr/witness a: does not know this log \(404\): unknown log$/m ],
	'status 403 no' => [ 2, qr/witness a: does not have the log's key, or finds its signature wrong \(403\)/ ],
	'status 422 no' => [ 1, qr/witness a: REFUSED: says that the log is not a continuation of what it has seen \(422\)/ ],
	'status 400 no' => [ 2, qr/\(400\)/ ], 'status 500 no' => [ 2, qr/witness a: has not cosigned \(500\)/ ],
	"status 500 x\n\e[2Jgood" => [ 2, qr/\\x1b/ ],
	'status 302 elsewhere' => [ 2, qr/has not cosigned \(302\)/ ], 'status 200 ' => [ 2, qr/not a list of signatures|no signature/ ],
	'status 409 x' => [ 2, qr/does not say which size it knows \(409\)/ ], 'status 409 99999999999999999999' => [ 2, qr/does not say which size/ ],
	'status 409 4' => [ 2, qr/another size each time/ ], 'another' => [ 2, qr/another size each time/ ],
	'ahead 5' => [ 1, qr/witness a: REFUSED: has seen 306 rows, and the log has 301: it was cut off, or this server lags/ ],
	'stranger' => [ 2, qr/no signature in its answer is of the key in the policy/ ], 'wrong' => [ 2, qr/its signature is wrong/ ],
	'rubbish' => [ 2, qr/not a list of signatures/ ], 'endless' => [ 2, qr/witness a: no answer: / ], 'hang' => [ 2, qr/witness a: no answer: .*timed out/i ],
	'raw rubbish' => [ 2, qr/witness a: no answer: / ], "raw HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nx" => [ 2, qr/witness a: no answer: / ]);
my $before = handed();
foreach my $mode (sort keys %answers)
{
	$w->mode($mode);
	# Nobody else is given a limit that a slow machine might not keep.
	my @patience = $mode eq 'hang' ? ('--timeout', 15) : ();
	is(guard(@push, $one, @patience), $answers{$mode}[0], "a witness: $mode") or diag($said);
	like($said, $answers{$mode}[1], '... and that is said');
	unlike($said, qr/[^\n\x20-\x7E]|^\s*good/m, '... in plain text');
}
is(handed(), $before, 'none of this was handed to the server');
$w->mode('');
is(guard(@push, $one), 0, 'an honest one again') or diag($said);

# Some of them
$w->mode('status 500 no');
is(guard(@push, $both), 2, 'one of two that are needed is away');
is(guard(@push, policy('any', @lines, 'group g any a b', 'quorum g')), 0, '... or of two of which one is enough');
like($said, qr/the policy is met nevertheless/, '... which is said');
$w->mode('status 422 no');
is(guard(@push, policy('any', @lines, 'group g any a b', 'quorum g')), 1, 'but a witness of another log counts always');
$w->mode('');
is(guard(@push, policy('nowhere', "log $vkey", "witness a $vkey{a}", 'quorum a')), 2, 'a policy without URLs');
my $closed = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 1)->sockport;
is(guard(@push, policy('closed', "log $vkey", "witness a $vkey{a} http://127.0.0.1:$closed", 'quorum a')), 2, 'nobody there');
is(guard(@push, policy('file', "log $vkey", "witness a $vkey{a} file:///etc", 'quorum a')), 2, 'a URL that is not of the web');
like($said, qr/no answer: .*(?:not supported|disabled)/i, '... is not opened');
is(guard('push', $dsn), 2, 'without a policy');

# A fork
$mock->sql("UPDATE contact_guard.mock_row SET count = 99 WHERE seq = 3; DELETE FROM contact_guard.mock_node; DELETE FROM contact_guard.mock_note");
$mock->publish(301, 310);
is(guard(@push, $one), 1, 'rewritten and signed with the stolen key: the witness refuses it');
like($said, qr/REFUSED: says that the log is not a continuation.*\(422\): no proof/, '... by the proof') or diag($said);
if ($go)
{
	is(guard(@push, $by_go), 1, '... and the one in Go, too') or diag($said);
	$go->finish;
}

# The server does not know the witness
$mock->sql('CREATE OR REPLACE FUNCTION contact_guard.add_cosignature(note text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN RAISE \'not a witness of ours\'; END $$');
is(guard(@push, policy('only_b', @lines[0, 2], 'quorum b')), 1, '... the other one, too');
unlike($said, qr/not a witness/, '... and nothing is handed over');
$_->stop foreach values %witness;
$mock->{node}->stop;
done_testing();
