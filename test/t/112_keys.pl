# Who signs checkpoints: a command that has the key elsewhere and may fail in any
# way, keys that are rotated, and key files that are not as they should be.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use MIME::Base64;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
my $origin = 'example.org/log';
my %vkey;

# contact-guard's exit code and what it said
sub guard
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'contact-guard', @_ ], '>', \$out, '2>', \$err);
	return ($? >> 8, "$out$err");
}

# guarded(CODE, PATTERN, NAME, ARGUMENT...)
sub guarded
{
	my ($want, $pattern, $name, @arguments) = @_;
	my ($code, $said) = guard(@arguments);
	ok($code == $want && $said =~ $pattern, $name) or diag("exit code $code: $said");
	return;
}

sub write_file
{
	my ($path, $text) = @_;
	open my $fh, '>:raw', "$path.new" or die "$path: $!";
	print $fh $text;
	close $fh;
	rename "$path.new", $path or die "$path: $!";
	return $path;
}

sub until_true
{
	my ($test) = @_;
	foreach (1 .. 600)
	{
		return 1 if $test->();
		usleep(50_000);
	}
	return 0;
}

mkdir "$dir/$_", 0700 or die foreach qw(keys state signer elsewhere);
foreach my $name (qw(signer spare old new))
{
	my ($code, $said) = guard('keygen', '--origin', $origin, '--out', "$dir/keys/$name");
	($vkey{$name}) = $said =~ /^(\S+)$/m;
	# A PKCS #8 header in front of the seed, for openssl
	my ($id, $secret) = slurp_file("$dir/keys/$name") =~ /\+([0-9a-f]{8})\+(\S+)$/;
	write_file("$dir/signer/$name.der", pack('H*', '302e020100300506032b657004220420') . substr(decode_base64($secret), 1));
	write_file("$dir/signer/$name.id", pack('H8', $id));
}

# The signer: what it does is in a file, and each call is counted.
write_file("$dir/signer/mode", 'sign');
write_file("$dir/signer/run", <<"EOF");
use strict; use warnings; use MIME::Base64;
sub slurp { open my \$fh, '<:raw', shift or die; local \$/; return scalar <\$fh> }
sub put { open my \$fh, '>>:raw', shift or die; print \$fh \@_; close \$fh }
sub line
{
	my (\$key, \$text) = \@_;
	unlink "text"; put("text", \$text);
	system(qw(openssl pkeyutl -sign -rawin -keyform DER -inkey), "\$key.der", qw(-in text -out sig)) and exit 9;
	return "\\xE2\\x80\\x94 $origin " . encode_base64(slurp("\$key.id") . slurp("sig"), '') . "\\n";
}
chdir "$dir/signer" or die;
my \$text = do { local \$/; <STDIN> };
my \$mode = slurp("mode");
put("calls", "\$mode \$\$\\n");
exit 3 if \$mode eq 'fail';
if (\$mode eq 'rubbish') { print "rubbish\\n" }
elsif (\$mode eq 'other') { print line('old', \$text) }
elsif (\$mode eq 'altered') { print line('signer', "\$text ") }
elsif (\$mode eq 'forged') { print line('signer', \$text), line('spare', "\$text ") }
elsif (\$mode eq 'endless') { print 'x' x 1000 while 1 }
# With a child that has the pipe as well
elsif (\$mode eq 'hang') { system('sleep 600') }
elsif (\$mode eq 'closed') { close STDOUT; sleep 600 }
elsif (\$mode eq 'sign') { print line('signer', \$text) }
EOF

sub mode { return write_file("$dir/signer/mode", shift) }

sub calls { return grep { /^$_[0] / } split /\n/, (-e "$dir/signer/calls" ? slurp_file("$dir/signer/calls") : '') }

my $node = guard_node('keys', "contact_guard.signer_command = 'perl $dir/signer/run'", "contact_guard.state_directory = '$dir/state'",
	"contact_guard.verification_keys = '$vkey{signer}, $vkey{spare}'", 'contact_guard.signer_timeout = 30',
	'contact_guard.checkpoint_interval = 1', 'contact_guard.heartbeat_interval = 1');
make_roles($node);
make_crm($node, 'crm', 30);
$node->safe_psql('crm', 'CREATE ROLE verifier LOGIN IN ROLE contact_guard_auditor');
my $dsn = $node->connstr('crm') . ' user=verifier';

sub status { return $node->safe_psql('crm', "SELECT $_[0] FROM contact_guard.status()") }

# Until the newest checkpoint signs what there is now.
sub signed
{
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my $size = status('log_size');
	return until_true(sub { status('coalesce(last_checkpoint, 0)') >= $size });
}

# Until status() says that none is signed, and why.
sub unsigned { my ($why) = @_; return until_true(sub { status('problems::text') =~ /no checkpoint is signed: .*$why/ }) }

# What has failed is tried again when the configuration is read again.
sub again { return $node->safe_psql('crm', 'SELECT pg_reload_conf()') }

sub recovers
{
	my ($name) = @_;
	again();
	ok(signed(), "$name: checkpoints go on");
	ok(until_true(sub { status('problems::text') !~ /no checkpoint/ }), '... and status() has nothing to say');
	return;
}

sub configure
{
	my (%settings) = @_;
	$node->append_conf('postgresql.conf', join("\n", map { "contact_guard.$_ = '$settings{$_}'" } sort keys %settings));
	$node->reload;
	return;
}

sub newest { return $node->safe_psql('crm', 'SELECT contact_guard.checkpoint()') }

# A signer elsewhere
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
ok(signed(), 'a command signs');
guarded(0, qr/^good$/m, '... and verify takes it', 'verify', $dsn, '--vkey', $vkey{signer});
guarded(1, qr/not signed by the log's key/, '... but not by a key that did not sign', 'verify', $dsn, '--vkey', $vkey{spare});

# What it may do wrong: nothing is signed, records go on.
my %wrong = (fail => 'exit code 3', silent => 'no valid signature', rubbish => 'no valid signature', other => 'no valid signature',
	altered => 'no valid signature', forged => 'no valid signature', endless => 'printed more than 65536 bytes');
mode('fail');
ok(unsigned($wrong{fail}), 'fail: status() says so');
foreach my $mode (qw(silent rubbish other altered forged endless))
{
	my $size = status('last_checkpoint');
	mode($mode);
	# The second call comes when the first has come to nothing.
	ok(until_true(sub { again(); calls($mode) >= 2 }) && unsigned($wrong{$mode}), "$mode: status() says so");
	is(status('last_checkpoint'), $size, '... and no checkpoint is signed');
}
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 2');
is(log_rows($node, 'crm', "event = 'shown' AND customer = '2'"), 1, 'meanwhile reads are recorded');
guarded(0, qr/^good$/m, '... and what was signed before verifies', 'verify', $dsn, '--vkey', $vkey{signer});
# The next recorder knows nothing of it.
$node->safe_psql('crm', q(SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type LIKE '%recorder%'));
mode('sign');
recovers('a signer repaired');

# One that hangs: readers do not wait, and it is ended in time.
mode('hang');
ok(until_true(sub { calls('hang') >= 1 }), 'a signer hangs');
is(as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 3'), phone_of(3), '... and reads go on');
my ($hanging) = map { (split)[1] } calls('hang');
my $start = time;
mode('sign');
$node->restart;
cmp_ok(time - $start, '<', 20, '... and the server stops');
ok(until_true(sub { !kill 0, $hanging }), '... which ends the signer');
is(log_rows($node, 'crm', "event = 'shown' AND customer = '3'") >= 1, 1, '... no record is lost');
configure(signer_timeout => 1);
foreach my $mode (qw(hang closed))
{
	mode($mode);
	again();
	ok(unsigned('took more than 1 s'), "$mode: status() says so");
	mode('sign');
	recovers($mode);
}

# Key files: rotation with an overlap
configure(signer_command => '', signing_key_file => "$dir/keys/old");
ok(until_true(sub { (guard('verify', $dsn, '--vkey', $vkey{old}))[0] == 0 }), 'a key in a file signs');
my @witness = ('witness', $dsn, '--vkey');
guarded(0, qr/the first that was seen/, 'a witness that knows it', @witness, $vkey{old}, '--state', "$dir/witness");
configure(signing_key_file => "$dir/keys/old, $dir/keys/new");
ok(until_true(sub { (guard('verify', $dsn, '--vkey', $vkey{new}))[0] == 0 }), 'two keys: verify with the new one alone');
guarded(0, qr/^good$/m, '... and with the old one', 'verify', $dsn, '--vkey', $vkey{old});
is(scalar(() = newest() =~ /^\xE2\x80\x94 /mg), 2, '... both have signed');
guarded(0, qr/consistent with/, '... a witness that knows the old one goes on', @witness, $vkey{old}, '--state', "$dir/witness");
is($node->safe_psql('crm', 'SELECT contact_guard.verification_key()'), "$vkey{old}\n$vkey{new}", '... verification_key() gives both');
write_file("$dir/both", newest());
configure(signing_key_file => "$dir/keys/new");
ok(until_true(sub { newest() =~ /\n\n.*\n\z/ }), 'the new key alone');
guarded(0, qr/^good$/m, '... verify with the new one, and what was held', 'verify', $dsn, '--vkey', $vkey{new}, '--checkpoint', "$dir/both");
guarded(1, qr/the server's checkpoint: not signed by the log's key/, '... not with the old one', 'verify', $dsn, '--vkey', $vkey{old});
guarded(1, qr/REFUSED: not signed by the log's key/, '... nor does a witness that knows no other', @witness, $vkey{old}, '--state', "$dir/witness");
guarded(0, qr/consistent with/, '... but one that knows both', @witness, $vkey{old}, '--vkey', $vkey{new}, '--state', "$dir/witness");
is($node->safe_psql('crm', q(SELECT string_agg(reason, ' | ' ORDER BY seq) FROM (SELECT * FROM contact_guard.access_log
	WHERE event = 'key' ORDER BY seq DESC LIMIT 3) s)), join(' | ', map { "checkpoints are signed by $_" }
	$vkey{old}, "$vkey{old}\n$vkey{new}", $vkey{new}), 'each change is a record');

# Key files that are refused
my $good = "$dir/keys/new";
my $data = $node->data_dir;
write_file("$dir/keys/rubbish", "rubbish\n");
write_file("$data/key", slurp_file($good));
write_file("$dir/keys/readable", slurp_file($good));
guard('keygen', '--witness', '--origin', $origin, '--out', "$dir/keys/witness");
chmod 0600, "$dir/keys/rubbish", "$data/key";
chmod 0644, "$dir/keys/readable";
symlink $data, "$dir/link";
foreach my $case ([ 'readable', 'can be read by others', "$dir/keys/readable" ], [ 'missing', 'could not open signing key', "$dir/keys/missing" ],
	[ 'rubbish', 'does not contain a signing key', "$dir/keys/rubbish" ], [ 'of a witness', 'does not contain a signing key', "$dir/keys/witness" ],
	[ 'in the data directory', 'is in the data directory', "$data/key" ], [ '... by a link', 'is in the data directory', "$dir/link/key" ],
	[ 'relative', 'not an absolute path', 'key' ], [ 'one of two readable', 'can be read by others', "$good, $dir/keys/readable" ])
{
	my ($name, $why, $file) = @$case;
	configure(signing_key_file => $file);
	ok(unsigned($why), "a key file, $name: status() says so");
}
my $size = status('last_checkpoint');
chmod 0600, "$dir/keys/readable";
configure(signing_key_file => "$dir/keys/readable");
recovers('a key file that is nobody else\'s now');
cmp_ok(status('last_checkpoint'), '>', $size, '... and of more rows');

# The state's directory: beside the key or set, but not where a backup is.
foreach my $case ([ $data, 'is in the data directory' ], [ "$dir/link", 'is in the data directory' ], [ "$dir/nowhere", 'could not create file' ], [ 'state', 'no directory for the state' ])
{
	configure(state_directory => $case->[0]);
	ok(unsigned($case->[1]), "state_directory $case->[0]: status() says so");
}
configure(state_directory => "$dir/state");
recovers('with its state again');
guarded(0, qr/^good$/m, 'all verifies in the end', 'verify', $dsn, '--vkey', $vkey{new});
unlike(slurp_file($node->logfile), qr/not closed at end-of-transaction|TRAP|PANIC|terminated by signal/, 'the server has nothing else to complain of');
$node->stop;
done_testing();
