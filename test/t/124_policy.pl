# Trust policies (c2sp.org/tlog-policy): which witnesses must have cosigned what is verified,
# proved and exported; how old the newest signature may be; and what a folder keeps.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use MIME::Base64;
use Mock;
use PostgreSQL::Test::Utils;
use Test::More;

my $origin = 'example.com/log';
my $mock = Mock->new('policy', $origin);
my ($dsn, $vkey) = ($mock->dsn, $mock->vkey);
my ($status, $said);
my %witness = map { $_ => $mock->keygen($_, "witness.example/$_", '--witness') } qw(a b c);
my $now = time;

sub guard { ($status, $said) = guard_says(@_); return $status }
sub policy { my ($name, @lines) = @_; return write_to($mock->work($name), join('', map { "$_\n" } @lines)) }

# The note of this size, with cosignatures of these witnesses
sub cosigned
{
	my ($size, %times) = @_;
	my $text = $mock->sql("SELECT contact_guard.mock_text('$origin', $size)");
	return $mock->put_note($size, sign_by($mock->work('log'), $text)
		  . join('', map { Mock::signature_line($mock->work($_), $text, $times{$_}) } sort keys %times));
}

my @all = ("log $vkey", map { "witness $_ $witness{$_}" } qw(a b c));
$mock->publish(0, 29);
cosigned(10, a => $now, b => $now, c => $now);
cosigned(20, a => $now - 1000, b => $now);
cosigned(30);

# What is verified
my $any = policy('any', "# three witnesses\n", " \t", @all, "group g any a b c", 'quorum g');
is(guard('verify', $dsn, '--policy', $any), 0, 'one of three is enough') or diag($said);
like($said, qr/^a checkpoint of 20 rows meets the policy; 10 later ones rest on the log's signature alone$/m, '... for the checkpoint that has one');
like($said, qr/^cosigned by b at \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/m, '... and it is said who and when');
my %size = (
	'all' => [ 10, 'group g all a b c', 'quorum g' ], '2' => [ 20, 'group g 2 a b c', 'quorum g' ], 'one witness' => [ 20, 'quorum a' ],
	'c' => [ 10, 'quorum c' ], 'none' => [ undef, 'quorum none' ],
	'groups' => [ 20, 'group x any a c', 'group y all b', 'group z all x y', 'quorum z' ],
	'groups that need c' => [ 10, 'group x all a c', 'group y all b', 'group z all x y', 'quorum z' ]);
foreach my $name (sort keys %size)
{
	my ($want, @lines) = @{ $size{$name} };
	is(guard('verify', $dsn, '--policy', policy('p', @all, @lines)), 0, "$name: good") or diag($said);
	is(($said =~ /^a checkpoint of (\d+) rows meets/m)[0], $want, '... by the newest checkpoint that it wants');
}
is(guard('verify', $dsn, '--policy', policy('p', $all[1], 'quorum a'), '--vkey', $vkey), 0, "a policy without logs, and the log's key") or diag($said);
is(guard('verify', $dsn, '--policy', policy('p', $all[1], 'quorum a')), 1, '... which is not taken from the server');
my $stranger = $mock->keygen('stranger', 'witness.example/stranger', '--witness');
is(guard('verify', $dsn, '--policy', policy('p', @all, "witness s $stranger", 'quorum s')), 2, 'a witness that has signed nothing');
like($said, qr/no checkpoint of more than 0 rows that meets the policy/, '... and that is said');
my $later = 'later.example+00000000+' . encode_base64("\x06" . 'x' x 1312, '');
is(guard('verify', $dsn, '--policy', policy('p', @all, "witness l $later", 'group g any l a', 'quorum g')), 0, 'a witness of an unknown kind') or diag($said);
like($said, qr/line 5: the key is of a type .* does not know/, '... does not count');
is(guard('verify', $dsn, '--policy', policy('p', @all, "witness l $later", 'quorum l')), 2, '... nor is it enough');

# A policy is what the specification says, or nothing.
my %bad = ('no quorum' => [ @all ], 'two quorums' => [ @all, 'quorum a', 'quorum a' ], 'an unknown word' => [ @all, 'quorums a' ],
	'a quorum of nobody' => [ @all, 'quorum d' ], 'a quorum before its witness' => [ 'quorum a', @all ],
	'a group of a later one' => [ @all, 'group x any y', 'group y any a', 'quorum x' ], 'a group of itself' => [ @all, 'group x any x', 'quorum x' ],
	'too many wanted' => [ @all, 'group x 3 a b', 'quorum x' ], 'none wanted' => [ @all, 'group x 0 a b', 'quorum x' ],
	'an empty group' => [ @all, 'group x any', 'quorum x' ], 'a member twice' => [ @all, 'group x 2 a a', 'quorum x' ],
	'a member of two groups' => [ @all, 'group x any a', 'group y any a', 'group z all x y', 'quorum z' ],
	'a name twice' => [ @all, "witness a $stranger", 'quorum a' ], 'a key twice' => [ @all, "witness d $witness{a}", 'group g 2 a d', 'quorum g' ],
	'a log twice' => [ $all[0], @all, 'quorum a' ], 'a witness called none' => [ "witness none $witness{a}", 'quorum none' ],
	'a member called none' => [ @all, 'group x any none', 'quorum x' ], 'a log with a witness\'s key' => [ "log $witness{a}", 'quorum none' ],
	'a witness with a log\'s key' => [ "witness a $vkey", 'quorum a' ], 'a key that is none' => [ 'log x', 'quorum none' ],
	'control characters' => [ @all, "quorum\ra" ], 'words behind the quorum' => [ @all, 'quorum a b' ]);
foreach my $name (sort keys %bad)
{
	is(guard('verify', $dsn, '--policy', policy('p', @{ $bad{$name} })), 2, "a policy with $name");
	like($said, qr/"[^"]*", line \d+: |not a policy/, '... is none, and that is said');
}
is(guard('verify', $dsn, '--policy', write_to($mock->work('p'), join("\n", @all, 'quorum none'))), 2, 'a policy that was cut off');

# What is proved
my @proof = ('proof', $dsn, '--seq', 5, '--out', $mock->work('5.tlog-proof'));
is(guard(@proof, '--policy', $any), 0, 'a proof') or diag($said);
like(slurp_file($mock->work('5.tlog-proof')), qr/^20\n.*witness\.example\/a .*witness\.example\/b /ms, '... carries the newest checkpoint that meets the policy');
is(guard('check-proof', $mock->work('5.tlog-proof'), '--policy', $any), 0, '... which is checked without a server') or diag($said);
like($said, qr/^cosigned by a at .*^cosigned by b at .*^good$/ms, '... and shows the witnesses');
is(guard('check-proof', $mock->work('5.tlog-proof'), '--policy', policy('p', @all, 'quorum c')), 2, '... is not enough for another policy');
like($said, qr/not enough witnesses/, '... and that is said');
my $many = $mock->work('many');
is(guard('proof', $dsn, '--seq', 3, '--to', 15, '--out', $many, '--policy', $any), 0, 'many proofs at once') or diag($said);
like($said, qr/^\Q$origin\E: 13 rows proved, 0 not there, under the checkpoint of 20 rows$/m, '... under one checkpoint');
is(join(' ', map { (guard('check-proof', "$many/$_.tlog-proof", '--policy', $any))[0] } 3 .. 15), join(' ', (0) x 13), '... each of which is good');
is(guard('proof', $dsn, '--seq', 3, '--to', 25, '--out', $many, '--policy', $any), 2, '... for rows that it has');
is(guard('proof', $dsn, '--seq', 3, '--to', 2, '--out', $many), 2, '... in their order');
is(guard('proof', $dsn, '--seq', 3, '--to', 5), 2, '... and into a folder');
is(guard('proof', $dsn, '--seq', 25, '--policy', $any), 2, 'a row that no witness has seen cannot be proved yet');
is(guard('proof', $dsn, '--seq', 25, '--policy', policy('p', @all, 'quorum none')), 0, '... but where none is asked') or diag($said);
(my $forged = slurp_file($mock->work('5.tlog-proof'))) =~ s{(witness\.example/b \S{40})(.)}{$1 . ($2 eq 'A' ? 'B' : 'A')}e;
is(guard('check-proof', write_to($mock->work('forged'), $forged), '--policy', $any), 1, 'a forged cosignature');
my $text = $mock->sql("SELECT contact_guard.mock_text('$origin', 20)");
($forged = slurp_file($mock->work('5.tlog-proof'))) =~ s{^\xE2\x80\x94 witness.*\z}{Mock::signature_line($mock->work('a'), $text, 1 << 63)}mes;
is(guard('check-proof', write_to($mock->work('forged'), $forged), '--policy', $any), 1, 'a cosignature of a time that there is not');

# Ages
my @newest = ('--max-age', 600);
$mock->sql("UPDATE contact_guard.mock_row SET read_at = now() - interval '1 hour'; DELETE FROM contact_guard.mock_node; DELETE FROM contact_guard.mock_note");
$mock->publish;
is(guard('verify', $dsn, '--vkey', $vkey, @newest), 2, 'a log whose newest row is too old');
like($said, qr/the newest signed row, seq 29, is of .*, 36\d\d s ago: not within 600 s$/m, '... and that is said');
unlike($said, qr/^good/m, '... is not called good');
is(guard('verify', $dsn, '--vkey', $vkey, '--max-age', 7200), 0, '... but where that is allowed') or diag($said);
is(guard('verify', $dsn, '--vkey', $vkey, '--to', 3, @newest), 2, 'no age without the end');
$mock->sql("CALL contact_guard.mock_fill(30, 30); UPDATE contact_guard.mock_row SET read_at = now() WHERE seq = 30");
$mock->publish;
is(guard('verify', $dsn, '--vkey', $vkey, @newest), 0, 'a new row') or diag($said);
cosigned(31, a => $now - 1000, b => $now - 10);
is(guard('verify', $dsn, '--policy', policy('p', @all, 'quorum b'), @newest), 0, 'a new cosignature') or diag($said);
is(guard('verify', $dsn, '--policy', policy('p', @all, 'quorum a'), @newest), 2, 'an old one');
like($said, qr/by cosignatures that are new enough/, '... and that is said');
my @witness = ('witness', $dsn, '--state', $mock->work('state'));
is(guard(@witness, '--vkey', $mock->keygen('wrong', $origin)), 1, 'a witness with a wrong key refuses the log');
is(guard(@witness, '--vkey', $vkey, @newest), 0, '... and with the right one goes on') or diag($said);
is(guard(@witness, '--vkey', $mock->keygen('wrong2', $origin)), 2, 'a wrong key later');
is(guard(@witness), 0, '... does not stay') or diag($said);
write_to($mock->work('state/grown'), "31 " . ($now - 1000) . "\n");
is(guard(@witness, @newest), 2, 'a log that has not grown');
like($said, qr/has not grown for 1\d\d\d s, which is more than 600 s/, '... and that is said');
is(guard(@witness), 0, '... where that is not asked');
$mock->publish(31, 31);
is(guard(@witness, @newest), 0, 'it has grown') or diag($said);

# A fork: what witnesses have cosigned is not the past of this log
cosigned(20, a => $now);
my @export = ('export', $dsn, $mock->work('tiles'), '--vkey', $vkey);
is(guard(@export), 0, 'export') or diag($said);
my $before = slurp_file($mock->work('tiles/checkpoint'));
$mock->sql("UPDATE contact_guard.mock_row SET count = 99 WHERE seq = 3; DELETE FROM contact_guard.mock_node; DELETE FROM contact_guard.mock_note WHERE size > 20");
my $seen = $mock->publish(32, 40);
is(guard('verify', $dsn, '--vkey', $vkey), 0, 'rewritten and signed with the stolen key: good by itself') or diag($said);
is(guard('verify', $dsn, '--policy', policy('p', @all, 'quorum a')), 1, '... and tampering by the policy');
like($said, qr/not a continuation of the checkpoint that meets the policy, of 20 rows/, '... which says why');
is(guard(@export), 1, 'export refuses it');
like($said, qr/REFUSED: the log is not a continuation of what was exported: 32 rows exported before, 41 rows seen/, '... and says why');
is(slurp_file($mock->work('tiles/checkpoint')), $before, '... keeps what was there');
is(slurp_file((glob $mock->work('tiles/fork-*-seen'))[0]), $seen, '... and what it saw');
is(join(' ', map { s{.*/}{}r } glob $mock->work('tiles/tile/0/*')), '000.p', '... and no new tile');
is(join(' ', map { s{.*/}{}r } glob $mock->work('tiles/tile/0/000.p/*')), '32', '... at all');
$mock->{node}->stop;
done_testing();
