# contact-guard against a server that is made of plain tables (test/client/mock.sql),
# which computes leaves and tree in SQL, and notes that openssl has signed.
use strict;
use warnings;
use File::Basename;
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# 110_evidence has the same against the real one; this takes two minutes.
plan skip_all => 'a part of make soak' if !$ENV{CG_SOAK};

my $origin = 'example.com/pg/contactlog';
my $work = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('client');
$node->init;
# The library is not needed: the mock has its schema.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\nfsync = off\nrestart_after_crash = on");
$node->start;
my $conninfo = $node->connstr('postgres');

# run(ARGUMENT...): exit status, stdout, stderr
sub run_guard
{
	my @command = ('contact-guard', @_);
	my ($out, $err) = ('', '');
	IPC::Run::run(\@command, '<', \'', '>', \$out, '2>', \$err);
	return ($? >> 8, $out, $err);
}

# guard(STATUS, PATTERN, NAME, ARGUMENT...)
sub guard
{
	my ($want, $pattern, $name, @arguments) = @_;
	my ($status, $out, $err) = run_guard(@arguments);
	is($status, $want, "$name: status");
	like($out . $err, $pattern, "$name: says so");
	return $out;
}

sub write_file
{
	my ($name, $text) = @_;
	open my $fh, '>:raw', "$work/$name" or die $!;
	print $fh $text;
	close $fh;
	return "$work/$name";
}

# Keys are ours, signatures openssl's: a seed behind a PKCS #8 header.
my $vkey = guard(0, qr/^\Q$origin\E\+[0-9a-f]{8}\+\S{44}$/, 'keygen', 'keygen', '--origin', $origin, '--out', "$work/key");
chomp $vkey;
guard(2, qr/File exists/, 'a key is not overwritten', 'keygen', '--origin', $origin, '--out', "$work/key");
guard(2, qr/a name is/, 'a name', 'keygen', '--origin', 'a b', '--out', "$work/key2");
is((stat "$work/key")[2] & 07777, 0600, 'a secret key is its owner\'s');
my ($id, $secret) = slurp_file("$work/key") =~ /^PRIVATE\+KEY\+\Q$origin\E\+([0-9a-f]{8})\+(\S+)\n$/;
write_file('der', pack('H*', '302e020100300506032b657004220420') . substr(decode_base64($secret), 1));
system_or_bail('openssl', 'pkey', '-inform', 'DER', '-in', "$work/der", '-out', "$work/pem");

sub sign
{
	my ($text) = @_;
	write_file('text', $text);
	system_or_bail('openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', "$work/pem", '-in', "$work/text",
		'-out', "$work/signature");
	return "$text\n\xE2\x80\x94 $origin " . encode_base64(pack('H8', $id) . slurp_file("$work/signature"), '') . "\n";
}

sub sql { return $node->safe_psql('postgres', shift) }

# Rows first..last are logged, and all of it signed; returns the note.
sub publish
{
	my ($first, $last) = @_;
	sql("CALL contact_guard.mock_fill($first, $last)") if defined $last;
	sql('CALL contact_guard.mock_build()');
	my $size = sql('SELECT count(*) FROM contact_guard.mock_node WHERE height = 0');
	my $note = sign(sql("SELECT contact_guard.mock_text('$origin', $size)"));
	sql("INSERT INTO contact_guard.mock_note VALUES ($size, \$note\$$note\$note\$)");
	return $note;
}

# growing(STATUS, ...): guard() of a log that is alive: at first the last three rows are not signed.
our $alive;
sub growing
{
	my $size = sql('SELECT max(size) FROM contact_guard.mock_note');
	foreach my $signed ($size - 3 .. $size - 1)
	{
		my $note = sign(sql("SELECT contact_guard.mock_text('$origin', $signed)"));
		sql("INSERT INTO contact_guard.mock_note VALUES ($signed, \$note\$$note\$note\$)");
	}
	sql("CALL contact_guard.mock_grow($size - 3, $size)");
	guard(@_);
	sql('CALL contact_guard.mock_stand()');
	return;
}

# changed(SQL, STATUS, PATTERN, NAME, ARGUMENT...): verify, after a change that is taken back
sub changed
{
	my ($sql, @rest) = @_;
	my @verify = ('verify', $conninfo, '--vkey', $vkey);
	sql("CREATE SCHEMA kept; CREATE TABLE kept.r AS TABLE contact_guard.mock_row;
		CREATE TABLE kept.t AS TABLE contact_guard.mock_tile; CREATE TABLE kept.n AS TABLE contact_guard.mock_note;
		CREATE TABLE kept.h AS TABLE contact_guard.mock_node");
	sql($sql) if !ref $sql;
	$sql->() if ref $sql;
	my @guard = (@rest[0 .. 2], @verify, @rest[3 .. $#rest]);
	$alive ? growing(@guard) : guard(@guard);
	sql("TRUNCATE contact_guard.mock_row, contact_guard.mock_tile, contact_guard.mock_note, contact_guard.mock_node;
		INSERT INTO contact_guard.mock_row TABLE kept.r; INSERT INTO contact_guard.mock_tile TABLE kept.t;
		INSERT INTO contact_guard.mock_note TABLE kept.n; INSERT INTO contact_guard.mock_node TABLE kept.h;
		SET client_min_messages = error; DROP SCHEMA kept CASCADE");
	return;
}

sql(slurp_file(dirname(__FILE__) . '/../client/mock.sql'));
sql("INSERT INTO contact_guard.mock_key VALUES ('$vkey')");

# The empty log, a small one, and past the edges of tiles and chunks.
publish();
guard(0, qr/^good$/m, 'the empty log', 'verify', $conninfo, '--vkey', $vkey);
my $held = write_file('held', publish(0, 299));
guard(0, qr/300 rows checked, seq 0 to 299;.*^good$/ms, '300 rows', 'verify', $conninfo, '--vkey', $vkey);
guard(0, qr/taking the server's word/, 'without a key', 'verify', $conninfo);
my @witness = ('witness', $conninfo, '--state', "$work/state", '--vkey', $vkey, '--key', "$work/wkey");
my $wvkey = guard(0, qr/^witness.example.com/, 'a witness\'s key', 'keygen', '--witness', '--origin', 'witness.example.com', '--out', "$work/wkey");
chomp $wvkey;
guard(0, qr/300 rows, the first/, 'witness', @witness);
publish(300, 21_004);
guard(0, qr/21005 rows checked.*^good$/ms, '21005 rows, and a checkpoint held outside', 'verify', $conninfo,
	'--vkey', $vkey, '--checkpoint', $held);
guard(0, qr/501 rows checked, seq 20000 to 20500.*^good$/ms, 'a range', 'verify', $conninfo, '--vkey', $vkey,
	'--from', 20_000, '--to', 20_500);
guard(2, qr/not all in the signed log/, 'a range too far', 'verify', $conninfo, '--vkey', $vkey, '--to', 21_005);
guard(2, qr/not a verification key|could not open/, 'a bad key', 'verify', $conninfo, '--vkey', 'x');
guard(2, qr/connection to server/, 'no server', 'verify', 'host=/nowhere', '--vkey', $vkey);

# Rows, tiles and notes that somebody has changed.
my $row = 'contact_guard.mock_row';
changed("UPDATE $row SET count = count + 1 WHERE seq IN (777, 20000)", 1,
	qr/seq 777: the row is not the one.*seq 20000:.*first bad row: seq 777/s, 'two rows changed');
changed("UPDATE $row SET customer = '1' WHERE seq = 20500", 1, qr/first bad row: seq 20500/, 'a range, a customer changed',
	'--from', 20_000, '--to', 20_999);
changed("UPDATE $row SET read_at = read_at + '1 us' WHERE seq = 21004", 1, qr/first bad row: seq 21004/, 'the last row');
changed("UPDATE $row SET columns = '{phone}' WHERE seq = 0", 1, qr/first bad row: seq 0:/, 'the first row');
changed("UPDATE $row SET query = 'x' WHERE seq = 12", 1, qr/first bad row: seq 12:/, 'a statement');
changed("UPDATE $row SET event = 'seen' WHERE seq = 12", 1, qr/seq 12: unknown event/, 'an event');
changed(sub {
	sql("INSERT INTO $row (seq, event, read_at, count) VALUES (21005, 'tomorrow', now(), 1)");
	publish();
}, 2, qr/^1 rows, the first of them seq 21005, are of an event that this contact-guard .* does not know/m, 'an event of a later version');
changed(sub {
	sql("INSERT INTO $row (seq, event, read_at, count) VALUES (21005, 'tomorrow', now(), 1)");
	publish();
	sql("UPDATE $row SET count = 2 WHERE seq = 21005");
}, 1, qr/seq 21005: unknown event/, '... and changed');
# The log stands still: verify waits for a record that would explain it.
changed("DELETE FROM $row WHERE seq = 5000", 1, qr/first bad row: seq 5000: the row is missing/, 'a row deleted');
changed("UPDATE $row SET actor_salt = NULL WHERE seq = 8", 1, qr/seq 8: personal values without/, 'a salt removed');
changed("UPDATE $row SET actor_salt = NULL, actor = NULL, login = NULL, client = NULL, application = NULL WHERE seq = 8", 1,
	qr/first bad row: seq 8:/, 'erased without a commitment');
changed("UPDATE $row SET actor_salt = NULL, actor_commitment = sha256(''), actor = NULL, login = NULL, client = NULL,
	application = NULL WHERE seq = 8", 1, qr/first bad row: seq 8:/, 'with another commitment');
changed("UPDATE contact_guard.mock_tile SET hashes = set_byte(hashes, 40, 1) WHERE level = 0 AND n = 3", 1,
	qr/tile 0\/3 of the stored tree was changed; the rows under it were not/, 'a tile');
changed("UPDATE contact_guard.mock_tile SET hashes = set_byte(hashes, 40, 1) WHERE level = 1", 1,
	qr/has not the root that was signed/, 'the tile above');
changed("DELETE FROM contact_guard.mock_tile WHERE level = 0 AND n = 82", 1, qr/TAMPERING/, 'the last tile is missing');
changed("UPDATE contact_guard.mock_note SET note = replace(note, '21005', '21004')", 1, qr/a signature is wrong/, 'a note changed');
changed(sub {
	sql("UPDATE $row SET count = 99 WHERE seq = 7; DELETE FROM contact_guard.mock_node;
		DELETE FROM contact_guard.mock_note");
	publish();
}, 1, qr/not a continuation of the checkpoint held outside/, 'all rewritten and signed with the stolen key', '--checkpoint', $held);
changed("DELETE FROM contact_guard.mock_note WHERE size > 0", 1, qr/it was cut off/, 'an old checkpoint', '--checkpoint', $held);

# Erased and purged as it should be.
sql("UPDATE $row SET customer_commitment = sha256('contact_guard/commit/v1'::bytea || '\\x0a0003' || customer_salt ||
	contact_guard.mock_text_field(3, customer)) WHERE seq = 8; UPDATE $row SET customer_salt = NULL, customer = NULL WHERE seq = 8");
growing(1, qr/1 customers or actors were erased, and no erasure record says so/, 'a customer erased without a record', 'verify', $conninfo, '--vkey', $vkey);
sql("INSERT INTO $row (seq, event, read_at, count, reason) VALUES (21005, 'erasure', now(), 1, 'asked for')");
publish();
guard(0, qr/1 with personal values erased.*^good$/ms, 'a customer erased', 'verify', $conninfo, '--vkey', $vkey);
sql("INSERT INTO $row (seq, event, read_at, count, reason) VALUES (21006, 'purge', now(), 100,
	'1 months before 2026-01-01 00:00:00+00, seq 1000 to 1049, seq 1050 to 1099: old, seq 0 to 2000');
	DELETE FROM $row WHERE seq BETWEEN 1000 AND 1099");
growing(1, qr/seq 1000: the row is missing/, 'a purge that is not signed', 'verify', $conninfo, '--vkey', $vkey);
publish();
guard(0, qr/20907 rows checked.*100 not there.*^good$/ms, 'a purge', 'verify', $conninfo, '--vkey', $vkey);
guard(0, qr/100 not there.*^good$/ms, 'a purge, in a range', 'verify', $conninfo, '--vkey', $vkey, '--from', 900, '--to', 1200);
{
	local $alive = 1;
	changed("DELETE FROM $row WHERE seq = 1100", 1, qr/seq 1100: the row is missing/, 'one row more than purged');
}
changed("UPDATE $row SET reason = replace(reason, '1099', '1100') WHERE seq = 21006; DELETE FROM $row WHERE seq = 1100", 1,
	qr/first bad row: seq 1000: the row is missing/, 'a purge record changed');

# The witness.
guard(0, qr/21007 rows, consistent/, 'witness, later', @witness);
like(slurp_file("$work/state/checkpoint"), qr/^\xE2\x80\x94 witness\.example\.com /m, 'it has cosigned');
is(sql('SELECT count(*) FROM contact_guard.mock_cosigned'), 2, 'and handed that back');
guard(0, qr/^good$/m, 'a cosigned checkpoint is one', 'verify', $conninfo, '--vkey', $vkey, '--vkey', $wvkey,
	'--checkpoint', "$work/state/checkpoint");
my $before = slurp_file("$work/state/checkpoint");
sql("CREATE TABLE saved AS TABLE contact_guard.mock_note; DELETE FROM contact_guard.mock_note WHERE size = 21007");
guard(1, qr/REFUSED: the log has become shorter/, 'a shorter log', @witness);
sql(sprintf "INSERT INTO contact_guard.mock_note VALUES (21007, \$n\$%s\$n\$)", sign("$origin\n21007\n" . encode_base64('x' x 32)));
guard(1, qr/REFUSED: two trees of the same size: 21007 rows held, 21007 rows seen/, 'a fork', @witness);
sql(sprintf "INSERT INTO contact_guard.mock_note VALUES (21011, \$n\$%s\$n\$)", sign("$origin\n21011\n" . encode_base64('x' x 32)));
sql("CALL contact_guard.mock_fill(21007, 21010); CALL contact_guard.mock_build()");
guard(1, qr/REFUSED: the log is not a continuation/, 'a fork, later', @witness, '--every', 1);
is(slurp_file("$work/state/checkpoint"), $before, 'what it holds has not changed');
my @kept = glob("$work/state/fork-*-seen");
ok(@kept >= 1 && slurp_file($kept[-1]) =~ /^21011$/m, 'the evidence is kept');
sql("DELETE FROM contact_guard.mock_note; INSERT INTO contact_guard.mock_note TABLE saved");
publish();
guard(0, qr/21011 rows, consistent/, 'the log itself', @witness);

# Proofs.
my @check = ('check-proof', "$work/row.tlog-proof", '--vkey', $vkey);
guard(0, qr/^$/, 'proof', 'proof', $conninfo, '--seq', 300, '--out', "$work/row.tlog-proof", '--vkey', $vkey);
guard(0, qr/event: shown.*columns: phone, e "mail, téléphone.*customer: 300.*actor: müller.*^good$/ms, 'check-proof', @check);
my $proof = slurp_file("$work/row.tlog-proof");
like($proof, qr/\Ac2sp\.org\/tlog-proof\@v1\nextra \S+\nindex 300\n(\S{44}\n){15}\n\Q$origin\E\n21011\n/, 'its form');
my ($extra) = $proof =~ /^extra (\S+)$/m;
my $payload = decode_base64($extra);
foreach my $at (30, 100, length($payload) - 1)
{
	my $bad = $payload;
	substr($bad, $at, 1) = chr(ord(substr $bad, $at, 1) ^ 1);
	(my $text = $proof) =~ s/^extra \S+$/'extra ' . encode_base64($bad, '')/em;
	write_file('row.tlog-proof', $text);
	guard(1, qr/row|values/, "a proof of something else ($at)", @check);
}
(my $other = $proof) =~ s/^index 300$/index 301/m;
write_file('row.tlog-proof', $other);
guard(1, qr/is not row 301/, 'a proof of another row', @check);
write_file('row.tlog-proof', substr $proof, 0, 200);
guard(2, qr/not a proof file|does not say/, 'half a proof', @check);
guard(0, qr/^$/, 'a sealed proof', 'proof', $conninfo, '--seq', 8, '--sealed', '--out', "$work/row.tlog-proof", '--vkey', $vkey);
guard(0, qr/customer: \(sealed\).*actor group: \(sealed\).*^good$/ms, 'shows no names', @check);
guard(2, qr/not there any more/, 'a proof of a purged row', 'proof', $conninfo, '--seq', 1000, '--vkey', $vkey);

# Export: each tile as the server has it.
guard(0, qr/21011 rows exported/, 'export', 'export', $conninfo, "$work/tree", '--vkey', $vkey);
guard(0, qr/21011 rows exported/, 'export again', 'export', $conninfo, "$work/tree", '--vkey', $vkey);
is(slurp_file("$work/tree/checkpoint"), sql('SELECT contact_guard.checkpoint()'), 'the checkpoint');
is(unpack('H*', slurp_file("$work/tree/tile/0/081")), sql("SELECT encode(contact_guard.tile(0, 81), 'hex')"), 'a full tile');
is(unpack('H*', slurp_file("$work/tree/tile/1/000.p/82")), sql("SELECT encode(contact_guard.tile(1, 0), 'hex')"), 'a partial one');
is(-s "$work/tree/tile/0/082.p/19", 19 * 32, 'the last one');

program_help_ok('contact-guard');
program_version_ok('contact-guard');
$node->stop;
done_testing();
