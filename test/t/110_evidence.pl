# Evidence: the tree that the recorder makes, signed checkpoints, and who notices
# what a superuser does to them.  The verifier is contact-guard, the leaf is
# computed once more in SQL, the signature checked by openssl.
use strict;
use warnings;
use Digest::SHA;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
my $program = 'contact-guard';
my ($vkey, $before);

# contact-guard's exit code and what it said
sub guard
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ $program, @_ ], '>', \$out, '2>', \$err);
	return ($? >> 8, "$out$err");
}

mkdir "$dir/keys", 0700 or die;
(my $code, my $said) = guard('keygen', '--origin', 'example.org/log', '--out', "$dir/keys/log");
is($code, 0, 'keygen') or diag($said);
($vkey) = $said =~ m{^(example\.org/log\+\S+)$}m;
($code, $said) = guard('keygen', '--origin', 'witness.example.org/w', '--witness', '--out', "$dir/keys/witness");
my ($witness_vkey) = $said =~ m{^(witness\.example\.org/w\+\S+)$}m;
is(sprintf('%o', (stat "$dir/keys/log")[2] & 0777), '600', '... makes a file that is nobody else\'s');

my @conf = ("contact_guard.signing_key_file = '$dir/keys/log'", 'contact_guard.checkpoint_interval = 1',
	"contact_guard.witness_keys = '$witness_vkey'", 'max_connections = 30');
my $node = guard_node('evidence', { allows_streaming => 1, has_archiving => 0 }, @conf, 'contact_guard.min_retention = 0');
make_roles($node);
make_crm($node, 'crm', 1000);
$node->safe_psql('crm', 'CREATE ROLE verifier LOGIN IN ROLE contact_guard_auditor');
my $dsn = $node->connstr('crm') . ' user=verifier';

sub log_size { return $node->safe_psql('crm', 'SELECT contact_guard.sync(); SELECT log_size FROM contact_guard.status()') =~ s/^\s+//r }

# Until the newest checkpoint signs what there is now.
sub signed
{
	my $size = log_size();
	foreach (1 .. 600)
	{
		return 1 if $node->safe_psql('crm', 'SELECT coalesce(last_checkpoint, 0) FROM contact_guard.status()') >= $size;
		usleep(50_000);
	}
	return 0;
}

# As a superuser whom the library does not watch.
sub unwatched
{
	my ($sql) = @_;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->restart;
	$node->safe_psql('crm', $sql);
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->restart;
	return;
}

as($node, 'crm', 'dispatcher', 'SELECT count(phone) FROM crm.customer');
as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 3');
ok(signed(), 'a checkpoint is signed');
is($node->safe_psql('crm', 'SELECT contact_guard.verification_key()'), $vkey, 'by the key that was made');
is($node->safe_psql('crm', q(SELECT count(*) FROM contact_guard.log WHERE sha256('\x00'::bytea || contact_guard.leaf(seq))
	IS DISTINCT FROM substr(contact_guard.tile(0, seq / 256), (seq % 256)::int * 32 + 1, 32))), 0, 'each row is its leaf, by SQL');

# One level up, by SQL: a full tile's root is a hash of the next.
is($node->safe_psql('crm', q(
	WITH RECURSIVE level (k, i, hash) AS (
		SELECT 0, i, substr(contact_guard.tile(0, 0), i * 32 + 1, 32) FROM generate_series(0, 255) i
		UNION ALL
		SELECT k + 1, i / 2, sha256('\x01'::bytea || hash || next) FROM (
			SELECT k, i, hash, lead(hash) OVER (PARTITION BY k ORDER BY i) AS next FROM level) s
		WHERE i % 2 = 0 AND k < 8)
	SELECT hash = substr(contact_guard.tile(1, 0), 1, 32) FROM level WHERE k = 8)), 't', 'the tile above, too');

# The signature, by openssl and coreutils alone
my $note = $node->safe_psql('crm', 'SELECT contact_guard.checkpoint()');
my ($text, $signature) = $note =~ /\A(.*\n)\n\x{2014}? ?.*? (\S+)$/s;
($text) = split /\n\n/, $note;
($signature) = $note =~ / (\S+)\s*\z/;
open my $fh, '>:raw', "$dir/text" or die; print $fh "$text\n"; close $fh;
sub unbase64 { my ($s) = @_; require MIME::Base64; return MIME::Base64::decode_base64($s) }
open $fh, '>:raw', "$dir/sig" or die; print $fh substr(unbase64($signature), 4); close $fh;
open $fh, '>:raw', "$dir/pub.der" or die;
print $fh pack('H*', '302a300506032b6570032100') . substr(unbase64((split /\+/, $vkey, 3)[2]), 1); close $fh;
is(system("openssl pkeyutl -verify -pubin -keyform DER -inkey $dir/pub.der -rawin -in $dir/text -sigfile $dir/sig >/dev/null 2>&1"), 0, 'openssl verifies the signature');
open $fh, '>>:raw', "$dir/text" or die; print $fh 'x'; close $fh;
isnt(system("openssl pkeyutl -verify -pubin -keyform DER -inkey $dir/pub.der -rawin -in $dir/text -sigfile $dir/sig >/dev/null 2>&1"), 0, '... and not of another text');

# The client, as a role that may execute the functions
($code, $said) = guard('verify', $dsn, '--vkey', $vkey);
is($code, 0, 'verify') or diag($said);
mkdir "$dir/state";
($code, $said) = guard('witness', $dsn, '--state', "$dir/state", '--key', "$dir/keys/witness", '--vkey', $vkey);
is($code, 0, 'witness') or diag($said);
like($node->safe_psql('crm', q(SELECT note FROM contact_guard.signed_checkpoint WHERE note LIKE '%witness.example.org/w%')), qr/witness\.example\.org/, '... its cosignature is accepted');
is(state_of((as($node, 'crm', 'verifier', q(SELECT contact_guard.add_cosignature(E'x\n1\ny\n\n\u2014 z AAAA\n'))))[1]), '22023', 'a note that is none is refused');
($code, $said) = guard('proof', $dsn, '--seq', '17', '--out', "$dir/17.tlog-proof", '--vkey', $vkey);
is($code, 0, 'proof') or diag($said);
($code, $said) = guard('check-proof', "$dir/17.tlog-proof", '--vkey', $vkey);
is($code, 0, 'check-proof, without a server') or diag($said);
# A caller's code between two batches can put no cursor of its own in the place of the stream's.
my ($streamed, $complaint) = as($node, 'crm', 'verifier', q(
	CREATE FUNCTION pg_temp.whose() RETURNS bytea LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'run as %', current_user; END $$;
	CREATE FUNCTION pg_temp.swap() RETURNS int LANGUAGE plpgsql AS $$ DECLARE cursor_name text; BEGIN
		SELECT name INTO cursor_name FROM pg_cursors WHERE statement ~ 'evidence_row';
		IF FOUND THEN
			EXECUTE format('CLOSE %I', cursor_name);
			EXECUTE format('DECLARE %I CURSOR FOR SELECT pg_temp.whose()', cursor_name);
		END IF;
		RETURN 1;
	END $$;
	SELECT count(*) FROM (SELECT contact_guard.evidence_stream(0, 255), pg_temp.swap()) s));
is($streamed . $complaint, '4', 'no cursor of a caller is run as the owner');
is((as($node, 'crm', 'verifier', "SET application_name = 'streaming'; COPY (SELECT length(contact_guard.evidence_stream(0, 255)) > 0) TO STDOUT"))[0], "t\nt\nt\nt", 'the stream, in four pieces');
is($node->safe_psql('crm', "SELECT contact_guard.sync(); SELECT sum(count) FROM contact_guard.access_log WHERE event = 'audit_read' AND application = 'streaming'") =~ s/^\n//r,
	256, '... whose reading is a record, row by row');
# The log as static files; a leaf out of a bundle has its hash in the tile beside it.
($code, $said) = guard('export', $dsn, "$dir/tiles", '--entries', '--vkey', $vkey);
is($code, 0, 'export') or diag($said);
my $bundle = slurp_file("$dir/tiles/tile/entries/001");
my ($at, @hashes) = (0);
while ($at < length $bundle)
{
	my $length = unpack('n', substr($bundle, $at, 2));
	push @hashes, Digest::SHA::sha256("\0" . substr($bundle, $at + 2, $length));
	$at += 2 + $length;
}
is(scalar(@hashes), 256, '... a bundle has 256 leaves');
is(join('', @hashes), slurp_file("$dir/tiles/tile/0/001"), '... those of the tile');
my $held = $node->safe_psql('crm', 'SELECT contact_guard.checkpoint()');
open $fh, '>:raw', "$dir/held" or die; print $fh $held; close $fh;

# Erasure and purge leave a log that verifies
$node->safe_psql('crm', q(SET row_security = off;
	COPY contact_guard.restored_log (seq, read_at, event, customer, count, origin) FROM PROGRAM 'printf "1\\t2026-05-05\\tshown\\t7\\t1\\tx\\n"'));
my $seq_of_7 = $node->safe_psql('crm', "SELECT min(seq) FROM contact_guard.log WHERE customer = '7'");
my $actor_salt = $node->safe_psql('crm', "SELECT actor_salt FROM contact_guard.evidence($seq_of_7, $seq_of_7)");
is($node->safe_psql('crm', "SELECT octet_length(actor_salt), customer_salt IS NULL FROM contact_guard.log WHERE seq = $seq_of_7"), '16|t',
	'a row stores one secret');
my $of_7 = $node->safe_psql('crm', "SELECT count(*) FROM contact_guard.log WHERE customer = '7'");
is($node->safe_psql('crm', "SELECT contact_guard.erase_customer('7', 'asked for')"), $of_7 + 1, 'a customer is erased, in rows that were restored as well');
is(log_rows($node, 'crm', "event = 'erasure' AND count = $of_7"), 1, '... which verify does not allow for');
is($node->safe_psql('crm', q(SELECT count(*) FROM contact_guard.access_log WHERE customer = '7')), 0, 'an erased customer is not named any more');
is($node->safe_psql('crm', q(SELECT count(*) FROM contact_guard.log WHERE customer IS NULL AND customer_commitment IS NOT NULL AND customer_salt IS NULL)) > 0, 1, '... his salts are gone');
is($node->safe_psql('crm', "SELECT actor_salt FROM contact_guard.log WHERE seq = $seq_of_7"), $actor_salt, '... in place of the secret stands the salt of the actor');
is($node->safe_psql('crm', "SELECT actor_salt, customer_salt FROM contact_guard.evidence($seq_of_7, $seq_of_7)"), "$actor_salt|", '... which has not changed');
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
my ($seq_of_eve, $customer_of_eve) = split /\|/, $node->safe_psql('crm', q(SELECT seq, customer FROM contact_guard.log WHERE actor = 'eve' AND customer IS NOT NULL LIMIT 1));
my $customer_salt = $node->safe_psql('crm', "SELECT customer_salt FROM contact_guard.evidence($seq_of_eve, $seq_of_eve)");
$node->safe_psql('crm', "SELECT contact_guard.erase_actor('eve', 'left')");
is($node->safe_psql('crm', "SELECT customer_salt, actor_salt FROM contact_guard.log WHERE seq = $seq_of_eve"), "$customer_salt|",
	'when an actor is erased, the salt of the customer stays');
is($node->safe_psql('crm', q(SELECT count(*) FROM contact_guard.access_log WHERE actor = 'eve')), 0, 'an erased actor, too');
is(log_rows($node, 'crm', "event = 'erasure' AND regexp_replace(reason, ', seq \\d+ to \\d+', '', 'g') IN ('a customer: asked for', 'an actor: left')"), 2, 'both are on record, without a name');
$node->safe_psql('crm', "SELECT contact_guard.erase_customer('$customer_of_eve', 'asked for, too')");
is($node->safe_psql('crm', "SELECT customer_salt, actor_salt, customer, actor FROM contact_guard.log WHERE seq = $seq_of_eve"), '|||', 'both of one row are erased');
is(state_of((as($node, 'crm', 'postgres', "SELECT contact_guard.hold('8', 'court'); SELECT contact_guard.erase_customer('8', 'no')"))[1]), '55006', 'not while he is held');
ok(signed(), 'and signed');
($code, $said) = guard('verify', $dsn, '--vkey', $vkey);
is($code, 0, 'it verifies') or diag($said);
($code, $said) = guard('witness', $dsn, '--state', "$dir/state", '--key', "$dir/keys/witness", '--vkey', $vkey);
is($code, 0, '... and continues what was seen') or diag($said);

# What a superuser does without the library: each is undone before the next.
my $row = 'seq = 500';
my @attacks = (
	[ 'a row changed', "UPDATE contact_guard.log SET actor = 'nobody' WHERE $row", "UPDATE contact_guard.log SET actor = 'dispatcher' WHERE $row" ],
	[ 'a row deleted', "CREATE TABLE contact_guard.x AS SELECT * FROM contact_guard.log WHERE $row; DELETE FROM contact_guard.log WHERE $row",
		'INSERT INTO contact_guard.log SELECT * FROM contact_guard.x; DROP TABLE contact_guard.x' ],
	[ 'two rows swapped', "UPDATE contact_guard.log SET seq = 1001 - seq WHERE seq IN (500, 501)", "UPDATE contact_guard.log SET seq = 1001 - seq WHERE seq IN (500, 501)" ],
	[ 'a row inserted', "INSERT INTO contact_guard.log (seq, read_at, event, count) SELECT 500, read_at, 'shown', 1 FROM contact_guard.log WHERE $row",
		"DELETE FROM contact_guard.log WHERE $row AND actor IS NULL AND customer_salt IS NULL" ],
	[ 'a tile changed', q(UPDATE contact_guard.tile_full SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) WHERE level = 0 AND n = 1),
		q(UPDATE contact_guard.tile_full SET hashes = set_byte(hashes, 40, get_byte(hashes, 40) # 1) WHERE level = 0 AND n = 1) ]);
foreach my $attack (@attacks)
{
	my ($name, $do, $undo) = @$attack;
	unwatched($do);
	($code, $said) = guard('verify', $dsn, '--vkey', $vkey);
	is($code, 1, "$name: verify notices") or diag($said);
	like($said, $name =~ /tile/ ? qr/tile/i : qr/\b50[01]\b/, '... and says where');
	unwatched($undo);
	($code, $said) = guard('verify', $dsn, '--vkey', $vkey);
	is($code, 0, '... and nothing more once it is undone') or diag($said);
}

# Old checkpoints: the last of each hour stays.
unwatched(q(INSERT INTO contact_guard.signed_checkpoint (origin, size, root, note, signed_at)
	SELECT 'old', i, '', '', date_trunc('hour', now(), 'UTC') - interval '9 days' + i * interval '10 min' FROM generate_series(0, 35) i));
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 6');
ok(signed(), 'there are old checkpoints');
ok($node->poll_query_until('crm', "SELECT count(*) = 6 FROM contact_guard.signed_checkpoint WHERE origin = 'old'"), '... which are thinned out');
is($node->safe_psql('crm', "SELECT string_agg(size::text, ' ' ORDER BY size) FROM contact_guard.signed_checkpoint WHERE origin = 'old'"),
	'5 11 17 23 29 35', '... to the last of each hour');

# What pg_resetwal may leave: tiles that do not fit. They are made anew of the rows, and are the same.
$before = $node->safe_psql('crm', q(SELECT md5(string_agg(hashes::text, ',' ORDER BY n)) FROM contact_guard.tile_full WHERE level = 0));
unwatched(q(DELETE FROM contact_guard.tile_edge WHERE level = 0; DELETE FROM contact_guard.tile_full WHERE n = 1));
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 5');
is(log_rows($node, 'crm', "event = 'shown' AND actor = 'anna' AND customer = '5'"), 1, 'tiles that are lost: the recorder goes on');
is($node->safe_psql('crm', q(SELECT md5(string_agg(hashes::text, ',' ORDER BY n)) FROM contact_guard.tile_full WHERE level = 0)), $before, '... with the same tree');
ok(signed(), '... and signs it');
($code, $said) = guard('verify', $dsn, '--vkey', $vkey);
is($code, 0, '... which verifies') or diag($said);

# An older state: the witness, the held checkpoint and the server's own state file notice.
ok(signed(), 'signed');
($code) = guard('witness', $dsn, '--state', "$dir/state", '--key', "$dir/keys/witness", '--vkey', $vkey);
is($code, 0, 'the witness has seen it');
$node->backup('older');
as($node, 'crm', 'dispatcher', 'SELECT count(phone) FROM crm.customer WHERE id < 300');
ok(signed(), 'the log has gone on');
($code) = guard('witness', $dsn, '--state', "$dir/state", '--key', "$dir/keys/witness", '--vkey', $vkey);
is($code, 0, '... and the witness with it');
$node->stop;
my $old = PostgreSQL::Test::Cluster->new('restored');
$old->init_from_backup($node, 'older');
$old->start;
$node = $old;
$dsn = $node->connstr('crm') . ' user=verifier';
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 2');
$node->safe_psql('crm', 'SELECT contact_guard.sync()');
foreach (1 .. 200)
{
	last if $node->safe_psql('crm', 'SELECT problems::text FROM contact_guard.status()') =~ /fork/;
	usleep(50_000);
}
like($node->safe_psql('crm', 'SELECT problems::text FROM contact_guard.status()'), qr/no checkpoint is signed: .*fork/, 'an old backup: the server signs nothing');
($code, $said) = guard('witness', $dsn, '--state', "$dir/state", '--key', "$dir/keys/witness", '--vkey', $vkey);
is($code, 1, '... the witness refuses it');
my @kept = glob "$dir/state/fork-*";
cmp_ok(scalar(@kept), '>', 0, '... and keeps both notes');

# Only a new epoch goes on, under another name, and carries the old one's last note.
is(state_of((as($node, 'crm', 'anna', "SELECT contact_guard.new_epoch('x')"))[1]), '42501', 'not everybody begins an epoch');
$node->safe_psql('crm', "SELECT contact_guard.new_epoch('restored a backup')");
$node->restart;
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 4');
ok(signed(), 'a new epoch is signed');
like($node->safe_psql('crm', 'SELECT contact_guard.checkpoint()'), qr{\Aexample\.org/log/crm/2\n}, '... under another origin');
like($node->safe_psql('crm', q(SELECT reason FROM contact_guard.access_log WHERE event = 'epoch' ORDER BY seq DESC LIMIT 1)), qr{restored a backup.*example\.org/log/crm\n\d+\n}s, '... with the last checkpoint of the old one');
($code, $said) = guard('verify', $dsn, '--vkey', $vkey);
is($code, 0, '... and verifies') or diag($said);
($code, $said) = guard('verify', $dsn, '--vkey', $vkey, '--checkpoint', "$dir/held");
is($code, 0, '... also against a note that was held under the old name, since its rows are still there') or diag($said);
my ($lost) = glob "$dir/state/fork-*-held";
($code, $said) = guard('verify', $dsn, '--vkey', $vkey, '--checkpoint', $lost);
is($code, 1, '... but not against the last one, since rows were lost') or diag($said);
like($said, qr/the log is not a continuation of the checkpoint held outside|the log has \d+ rows, the checkpoint held outside had \d+/, '... which it says');
open $fh, '>:raw', "$dir/other" or die; print $fh $held =~ s{\Aexample\.org/log/crm\n}{example.org/log/other\n}r; close $fh;
($code, $said) = guard('verify', $dsn, '--vkey', $vkey, '--checkpoint', "$dir/other");
is($code, 2, '... and a note of another log is not compared') or diag($said);
$node->stop;
done_testing();
