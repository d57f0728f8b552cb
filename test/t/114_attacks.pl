# What a superuser who has the signing key does to the log on a server without the
# library, and who notices: verify, verify with a held checkpoint, the witness, the
# server.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Digest::SHA qw(sha256);
use Guarded;
use IPC::Run;
use MIME::Base64;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
my $origin = 'example.org/log';
my $state_file = "$dir/log/contact_guard.example.org+log+crm.checkpoint";
my (%vkey, $dsn, $node);

# guarded(CODE, PATTERN, NAME, ARGUMENT...): contact-guard's exit code, and what it says
sub guarded
{
	my ($want, $pattern, $name, @arguments) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'contact-guard', @arguments ], '>', \$out, '2>', \$err);
	ok($? == $want << 8 && "$out$err" =~ $pattern, $name) or diag("status $?: $out$err");
	return "$out$err";
}

sub verified { return guarded(@_[0 .. 2], 'verify', $dsn, '--vkey', $vkey{log}, @_[3 .. $#_]) }
sub witnessed { return guarded(@_, 'witness', $dsn, '--vkey', $vkey{log}, '--state', "$dir/witness") }
sub write_file
{
	my ($path, $bytes) = @_;
	open my $fh, '>:raw', $path or die "$path: $!";
	print $fh $bytes;
	close $fh;
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

sub sql { return $node->safe_psql('crm', shift) }
sub status { return sql("SELECT $_[0] FROM contact_guard.status()") }

# Until the newest checkpoint signs what there is now.
sub signed
{
	my ($size) = sql('SELECT contact_guard.sync(); SELECT log_size FROM contact_guard.status()') =~ /(\d+)/;
	return until_true(sub { status('coalesce(last_checkpoint, 0)') >= $size });
}

# Until the server says that it has signed another history.
sub forked { return until_true(sub { status('problems::text') =~ /no checkpoint is signed: .*fork/ }) }

sub reads { return as($node, 'crm', 'anna', "SELECT phone FROM crm.customer WHERE id = $_[0]") }

# The tree, as docs/evidence.md has it, from the hashes of its leaves
sub root
{
	my (@hashes) = @_;
	return $hashes[0] // sha256('') if @hashes < 2;
	my $left = 1;
	$left *= 2 while $left * 2 < @hashes;
	return sha256("\1" . root(@hashes[0 .. $left - 1]) . root(@hashes[$left .. $#hashes]));
}

sub hashes
{
	my $all = pack('H*', sql(q(SELECT string_agg(encode(hashes, 'hex'), '' ORDER BY n) FROM (
		SELECT n, hashes FROM contact_guard.tile_full WHERE level = 0
		UNION ALL SELECT 1000000, hashes FROM contact_guard.tile_edge WHERE level = 0) s)));
	return unpack('(a32)*', $all);
}

sub tiles
{
	my (@hashes) = @_;
	my @sql = 'TRUNCATE contact_guard.tile_full, contact_guard.tile_edge';
	foreach my $level (0 .. 2)
	{
		my @above;
		for (my $n = 0; @hashes >= 256; $n++)
		{
			my @tile = splice @hashes, 0, 256;
			push @sql, sprintf("INSERT INTO contact_guard.tile_full VALUES (%d, %d, '\\x%s')", $level, $n, unpack('H*', join '', @tile));
			push @above, root(@tile);
		}
		push @sql, sprintf("INSERT INTO contact_guard.tile_edge VALUES (%d, '\\x%s')", $level, unpack('H*', join '', @hashes));
		@hashes = @above or last;
	}
	return join ';', @sql;
}

# The note of a tree, by openssl, with a key that has been stolen
sub forge
{
	my ($key, @hashes) = @_;
	my $text = join("\n", "$origin/crm", scalar(@hashes), encode_base64(root(@hashes), '')) . "\n";
	system_or_bail(qw(openssl pkeyutl -sign -rawin -keyform DER -inkey), "$dir/$key/der", '-in', write_file("$dir/text", $text), '-out', "$dir/signature");
	my ($id) = $vkey{$key} =~ /\+([0-9a-f]{8})\+/;
	return "$text\n\xE2\x80\x94 $origin " . encode_base64(pack('H8', $id) . slurp_file("$dir/signature"), '') . "\n";
}

# In place of all that were signed
sub publish
{
	my ($note) = @_;
	my ($size, $root) = (split /\n/, $note)[1, 2];
	return "DELETE FROM contact_guard.signed_checkpoint; INSERT INTO contact_guard.signed_checkpoint VALUES ('$origin/crm', $size, decode('$root', 'base64'), '$note')";
}

# On a server without the library; if it is to be RESTORED, as it was when all was well.
sub staged
{
	my ($attack, $restored) = @_;
	$node->stop if $node->{_pid};
	if ($restored)
	{
		my $data = $node->data_dir;
		system_or_bail('sh', '-c', "rm -rf $data; cp -a $dir/whole $data");
		write_file($state_file, slurp_file("$dir/whole.checkpoint"));
	}
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->start;
	sql($attack->());
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->restart;
	return;
}

mkdir "$dir/$_", 0700 foreach qw(log other witness);
foreach my $name (qw(log other))
{
	($vkey{$name}) = guarded(0, qr/^\Q$origin\E\+/, "keygen: $name", 'keygen', '--origin', $origin, '--out', "$dir/$name/key") =~ /^(\S+)$/m;
	my ($secret) = slurp_file("$dir/$name/key") =~ /\+[0-9a-f]{8}\+(\S+)$/;
	# A PKCS #8 header in front of the seed, for openssl
	write_file("$dir/$name/der", pack('H*', '302e020100300506032b657004220420') . substr(decode_base64($secret), 1));
}
$node = guard_node('attacks', { extra => ['--wal-segsize=1'] }, 'contact_guard.checkpoint_interval = 1', 'contact_guard.heartbeat_interval = 1', 'contact_guard.min_retention = 0', 'autovacuum = off', 'min_wal_size = 2MB');
make_roles($node);
make_crm($node, 'crm', 600);
sql('CREATE ROLE verifier LOGIN IN ROLE contact_guard_auditor');
$dsn = $node->connstr('crm') . ' user=verifier';
as($node, 'crm', 'dispatcher', 'SELECT count(phone) FROM crm.customer');
as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 5');
sql('SELECT contact_guard.sync()');

# A past: 200 rows in each of two old months, before anything is signed. The tree is made of them.
staged(sub { join ';', 'TRUNCATE contact_guard.tile_full, contact_guard.tile_edge', (map { qq(
	CREATE TABLE contact_guard.log_2024_0$_ (LIKE contact_guard.log INCLUDING ALL);
	ALTER TABLE contact_guard.log ATTACH PARTITION contact_guard.log_2024_0$_ FOR VALUES FROM ('2024-0$_-01 00:00+00') TO ('2024-0@{[ $_ + 1 ]}-01 00:00+00');
	ALTER EXTENSION contact_guard ADD TABLE contact_guard.log_2024_0$_;
	UPDATE contact_guard.log SET read_at = '2024-0$_-10 00:00+00' WHERE seq / 200 = $_ - 1) } 1, 2) });
$node->append_conf('postgresql.conf', "contact_guard.signing_key_file = '$dir/log/key'");
$node->reload;
reads(1);
ok(signed(), 'a checkpoint is signed');
verified(0, qr/^good$/m, 'a log with a past verifies');
witnessed(0, qr/the first that was seen/, '... the witness takes it');

# A proof that is altered anywhere is none.
my $proof = "$dir/17.tlog-proof";
my @check = ('check-proof', $proof, '--vkey', $vkey{log});
guarded(0, qr/^$/, 'a proof', 'proof', $dsn, '--seq', 17, '--out', $proof, '--vkey', $vkey{log});
guarded(0, qr/seq: 17\n.*actor: dispatcher\n.*^good$/ms, '... is good', @check);
my $bytes = slurp_file($proof);
foreach my $i (0 .. 199)
{
	my $altered = $bytes;
	substr($altered, int($i * length($bytes) / 200), 1) ^= chr(1 << $i % 8);
	write_file("$dir/altered.$i", $altered);
}
my @codes = split /\n/, `for i in \$(seq 0 199); do contact-guard check-proof $dir/altered.\$i --vkey $vkey{log} >/dev/null 2>&1; echo \$?; done`;
is(join(' ', grep { $codes[$_] !~ /^[12]$/ } 0 .. 199), '', 'a byte of it altered: never good');
cmp_ok(scalar(grep { $_ == 1 } @codes), '>', 100, '... and most often evidence of tampering');
write_file("$dir/altered", substr($bytes, 0, -20));
guarded(1, qr/not a signed checkpoint/, '... nor when it is cut off', 'check-proof', "$dir/altered", @check[2, 3]);

# Erased: what is proved names nobody.
my ($eve) = sql(q(SELECT seq FROM contact_guard.access_log WHERE actor = 'eve' AND customer = '5')) =~ /(\d+)/;
# (who erases has a copy)
my $columns = sql("SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute WHERE attrelid = 'contact_guard.log'::regclass AND attnum > 0 AND NOT attisdropped");
sql("CREATE TABLE crm.kept AS SELECT * FROM contact_guard.log WHERE customer = '5' OR actor = 'eve'");
sql("SELECT contact_guard.erase_customer('5', 'asked'); SELECT contact_guard.erase_actor('eve', 'left')");
ok(signed(), 'erasures are signed');
guarded(0, qr/^$/, 'a proof of an erased row', 'proof', $dsn, '--seq', $eve, '--out', "$dir/erased", '--vkey', $vkey{log});
my $shown = guarded(0, qr/customer: \(sealed\)\n.*actor group: \(sealed\)\n.*^good$/ms, '... is good', 'check-proof', "$dir/erased", @check[2, 3]);
unlike($shown, qr/\beve\b|customer: 5|actor: |login: |client: |application: /, '... and names nobody');

# Purged by a record that is signed; what its reason says is nobody's purge
sql("SELECT contact_guard.hold('100', 'court')");
my $kept = sql("SELECT min(seq) FROM contact_guard.access_log WHERE customer = '100'");
is(sql("SELECT contact_guard.purge('2024-02-01', 'old: , seq 0 to 9999')"), 199, 'a purge of one month but for a held customer');
ok(signed(), '... is signed');
verified(0, qr/, 199 not there.*^good$/ms, '... and verifies');
witnessed(0, qr/consistent/, '... with the witness');
guarded(2, qr/row 17 is not there any more/, '... its rows are proved no more', 'proof', $dsn, '--seq', 17, '--vkey', $vkey{log});
guarded(0, qr/^good$/m, '... but by who has a proof', @check);

# The recorder stopped: nothing is signed, though all else goes on.
my $older = sql('SELECT contact_guard.checkpoint()');
my $recorder;
until_true(sub { $recorder = sql(q(SELECT min(pid) FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder')) });
kill 'STOP', $recorder or die $!;
my $at = status('last_checkpoint_at');
is(reads(2), phone_of(2), 'the recorder stopped: reads go on');
ok(until_true(sub { status('now() - last_checkpoint_at > interval \'1.5 s\'') eq 't' }), '... last_checkpoint_at is older than heartbeats are');
is(status('last_checkpoint_at'), $at, '... and does not move');
cmp_ok(status('lag_bytes'), '>', 0, '... status() says what is not recorded');
my ($rows) = witnessed(0, qr/: \d+ rows, consistent/, '... the witness has nothing against it') =~ /: (\d+) rows/;
witnessed(0, qr{/crm: $rows rows, consistent}, '... but sees no more rows');
ok(until_true(sub { status('problems::text') =~ /no checkpoint since .* is the recorder running/ }), '... and status() reports it');
kill 'CONT', $recorder;
reads(3);
ok(signed(), '... until it goes on');
unlike(status('problems::text'), qr/no checkpoint since/, '... and status() with it');
witnessed(0, qr/consistent/, '... as the witness sees');

# Signing switched off
$node->append_conf('postgresql.conf', "contact_guard.signing_key_file = ''");
$node->reload;
ok(until_true(sub { status('problems::text') =~ /no checkpoint is signed: contact_guard.signing_key_file is not set, though/ }), 'signing switched off: status() reports it');
ok(until_true(sub { status("now() - last_checkpoint_at > interval '3 s'") eq 't' }), '... the log goes on, and nothing is signed');
reads(3);
$node->safe_psql('crm', 'SELECT contact_guard.sync()');
verified(0, qr/^\d+ later rows? (?:is|are) not signed yet, and (?:is|are) not proved/m, '... verify says how much');
verified(2, qr/^the newest signed row, seq \d+, is of .*: not within 2 s$/m, '... and does not take it for good', '--max-age', 2);
$node->append_conf('postgresql.conf', "contact_guard.signing_key_file = '$dir/log/key'");
$node->reload;
reads(4);
ok(signed(), '... until it is switched on');
# The note that is held must be the last one: nothing more is signed before the server stops.
$node->append_conf('postgresql.conf', "contact_guard.signing_key_file = ''");
$node->reload;
ok(until_true(sub { status('problems::text') =~ /no checkpoint is signed: contact_guard.signing_key_file is not set, though/ }), '... and off again');
my $held = write_file("$dir/held", sql('SELECT note FROM contact_guard.signed_checkpoint ORDER BY size DESC LIMIT 1'));

$node->stop;
$node->append_conf('postgresql.conf', "contact_guard.signing_key_file = '$dir/log/key'");
system_or_bail('sh', '-c', "cp -a @{[ $node->data_dir ]} $dir/whole; cp $state_file $dir/whole.checkpoint");

# Notes that are changed, which need no library to be seen; and what there is without one.
staged(sub {
	my @hashes = hashes();
	my $note = slurp_file($held);
	my %notes = ('its size' => [ qr/a signature is wrong/, $note =~ s/\n(\d+)\n/"\n" . ($1 - 1) . "\n"/er ],
		'its root' => [ qr/a signature is wrong/, $note =~ s/^(.*\n.*\n)(.)/$1 . ($2 eq 'A' ? 'B' : 'A')/er ],
		'its signature' => [ qr/a signature is wrong/, $note =~ s/(.)(.{20}\n)\z/($1 eq 'A' ? 'B' : 'A') . $2/er ],
		'another key' => [ qr/not signed by the log's key/, forge('other', @hashes) ],
		'no signature' => [ qr/not a signed checkpoint/, $note =~ s/\n\n.*/\n\n/sr ]);
	foreach my $name (sort keys %notes)
	{
		my ($why, $text) = @{ $notes{$name} };
		sql(publish($text));
		verified(1, qr/the server's checkpoint: $why/, "a note changed, $name: verify notices");
		witnessed(1, qr/REFUSED: $why/, '... and the witness');
	}
	sql(publish($note . (split /\n\n/, forge('other', @hashes))[1]));
	witnessed(0, qr/consistent/, 'a signature more, of a key unknown, does no harm');
	isnt((as($node, 'crm', 'anna', 'SELECT * FROM contact_guard.status()'))[1], '', 'the library unloaded: status() fails');
	verified(2, qr/contact_guard/, '... verify cannot check');
	return publish($note);
});

staged(sub { "CREATE TABLE contact_guard.x AS SELECT * FROM contact_guard.log WHERE event = 'purge'; DELETE FROM contact_guard.log WHERE event = 'purge'" });
verified(1, qr/first bad row: seq 0: the row is missing, and no purge record/, 'a purge record deleted: verify notices');
foreach my $case ([ 250, 'in a month that no record covers' ], [ $kept, 'of a customer who was held in a purge' ])
{
	my ($seq, $where) = @$case;
	staged(sub { "INSERT INTO contact_guard.log SELECT * FROM contact_guard.x EXCEPT SELECT * FROM contact_guard.log;
		CREATE TABLE contact_guard.y AS SELECT * FROM contact_guard.log WHERE seq = $seq; DELETE FROM contact_guard.log WHERE seq = $seq" });
	verified(1, qr/first bad row: seq $seq: the row is missing/, "a row deleted $where: verify notices");
	staged(sub { 'INSERT INTO contact_guard.log SELECT * FROM contact_guard.y; DROP TABLE contact_guard.y' });
}

staged(sub { q(UPDATE contact_guard.log l SET customer = NULL, customer_salt = NULL, actor_salt = e.actor_salt, execution_salt = e.execution_salt,
	customer_commitment = contact_guard.customer_commitment(e.customer_salt, e.customer)
	FROM contact_guard.evidence_row e WHERE e.seq = l.seq AND l.seq BETWEEN 260 AND 390) }, 'restored');
verified(1, qr/^seq 2\d\d: the customer of the row was erased, and no erasure record says so\n.*: 1 finding/ms, 'customers erased without a record: verify notices');
# What was erased on record is put back, and as much of another row erased instead
staged(sub { qq(DELETE FROM crm.kept WHERE seq NOT IN (SELECT seq FROM contact_guard.log);
	DELETE FROM contact_guard.log WHERE seq IN (SELECT seq FROM crm.kept); INSERT INTO contact_guard.log ($columns) SELECT $columns FROM crm.kept;
	UPDATE contact_guard.log l SET customer = NULL, customer_salt = NULL, actor_salt = e.actor_salt, execution_salt = e.execution_salt,
	customer_commitment = contact_guard.customer_commitment(e.customer_salt, e.customer)
	FROM contact_guard.evidence_row e WHERE e.seq = l.seq AND l.seq = 300) }, 'restored');
verified(1, qr/^seq 300: the customer of the row was erased, and no erasure record says so\n.*^1 record of the erasure of a customer names rows that have their customer, .*^1 record of the erasure of an actor names rows that have their reader, .*: 1 finding/ms,
	'an erasure exchanged for another: verify notices');
# Rows beside the signed ones, one of them of the least number; and one that the index on seq does not have
staged(sub {
	my $ready = q(UPDATE pg_index SET indisready = %s WHERE indrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'contact_guard.log'::regclass) AND pg_get_indexdef(indexrelid) ~ '\(seq\)');
	return q(INSERT INTO contact_guard.log (seq, read_at, event, count) VALUES (-5, now(), 'shown', 1), (-9223372036854775808, now(), 'shown', 1), (1000000000, now(), 'shown', 1);) .
		sprintf("$ready; INSERT INTO contact_guard.log (seq, read_at, event, count) VALUES (300, now(), 'shown', 1); $ready", 'false', 'true');
}, 'restored');
my ($there, $indexed) = verified(1, qr/^row -9223372036854775808 is out of sequence.*^row -5 is out of sequence.*^row 1000000000 is out of sequence.*^table contact_guard\.log has.*: 4 findings/ms,
	'rows beside the signed ones, and one that the index does not have: verify notices') =~ /^table contact_guard\.log has (\d+) rows, and the index on seq only (\d+) of them$/m;
is($there, $indexed + 1, '... and counts it');
staged(sub { q(UPDATE contact_guard.log SET actor = 'nobody' WHERE seq = 300; DELETE FROM contact_guard.tile_edge WHERE level = 0; DELETE FROM contact_guard.tile_full WHERE level = 0 AND n = 1) }, 'restored');
ok(forked(), 'tiles deleted over a changed row: they are made anew, and the server notices');
verified(1, qr/^the stored tree of \d+ rows has not the root that was signed\n.*^seq 256: the row or a later one up to 511 was changed/ms, '... so does verify');
witnessed(0, qr/consistent/, '... the witness gets nothing new');

# A row rewritten, with all that depends on it
my $forged;
staged(sub {
	my @hashes = hashes();
	$hashes[450] = pack('H*', sql(q(UPDATE contact_guard.log SET actor = 'nobody' WHERE seq = 450; SELECT encode(sha256('\x00'::bytea || contact_guard.leaf(450)), 'hex'))));
	$forged = forge('log', @hashes);
	return tiles(@hashes) . ';' . publish($forged);
}, 'restored');
verified(0, qr/^good$/m, 'all rewritten and signed with the stolen key: verify is fooled');
verified(1, qr/not a continuation of the checkpoint held outside/, '... not with what was held', '--checkpoint', $held);
witnessed(1, qr/REFUSED: (the log is not a continuation|two trees of the same size)/, '... nor is the witness');
ok(forked(), '... nor the server');
write_file($state_file, $forged);
$node->reload;
ok(signed(), 'with the state file rewritten: the server signs');
verified(0, qr/^good$/m, '... verify is fooled');
verified(1, qr/not a continuation of the checkpoint held outside/, '... not with what was held', '--checkpoint', $held);
witnessed(1, qr/REFUSED: the log is not a continuation/, '... nor is the witness');

# Cut off, to what was signed once
staged(sub {
	my ($size) = (split /\n/, $older)[1];
	return "DELETE FROM contact_guard.log WHERE seq >= $size; DELETE FROM contact_guard.signed_checkpoint WHERE size > $size;
		UPDATE contact_guard.journal_state SET log_size = $size;" . tiles((hashes())[0 .. $size - 1]);
}, 'restored');
verified(0, qr/^good$/m, 'cut off where it was signed: verify is fooled');
verified(1, qr/it was cut off/, '... not with what was held', '--checkpoint', $held);
witnessed(1, qr/REFUSED: the log has become shorter/, '... nor is the witness');
ok(forked(), '... nor the server');

# Dropped and made again, under the same name
staged(sub { 'SET client_min_messages = error; DROP EXTENSION contact_guard CASCADE; DROP SCHEMA contact_guard CASCADE' });
witnessed(2, qr/contact_guard/, 'the extension dropped: the witness cannot see it');
sql("CREATE EXTENSION contact_guard; SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}')");
ok(forked(), '... made again: the server notices');
witnessed(2, qr/no checkpoint yet/, '... and gives the witness nothing');
unlink $state_file;
$node->reload;
ok(signed(), 'without its state file the server signs');
verified(0, qr/^good$/m, '... verify is fooled');
verified(1, qr/it was cut off/, '... not with what was held', '--checkpoint', $held);
witnessed(1, qr/REFUSED: the log has become shorter/, '... nor is the witness');
$node->stop;
done_testing();
