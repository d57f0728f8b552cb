# A log whose rows have leaves of several versions, and servers that are of another version
# than the client.  No version of contact_guard has a third version of leaves, so the log is
# that of test/client/mock.sql, and one client is compiled with one: -DCG_TEST_LEAF_VERSION
# (src/common/leaf.c).
use strict;
use warnings;
use File::Basename;
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $origin = 'example.com/pg/contactlog';
my $work = PostgreSQL::Test::Utils::tempdir();
my $source = dirname(__FILE__) . '/../../src';
my $node = PostgreSQL::Test::Cluster->new('versions');
$node->init;
# The library is not needed: the mock has its schema.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\nfsync = off");
$node->start;
my $conninfo = $node->connstr('postgres');
sub sql { return $node->safe_psql('postgres', shift) }

my $newer = "$work/newer";
system_or_bail('cc', '-O1', '-D_GNU_SOURCE', '-DCG_TEST_LEAF_VERSION', '-DCG_VERSION="newer"', "-I$source",
	'-I' . $node->config_data('--includedir'), '-o', $newer, glob("$source/client/*.c"), glob("$source/common/*.c"),
	'-L' . $node->config_data('--libdir'), '-lpq', '-lcrypto', '-lcurl');

# guard(PROGRAM, STATUS, PATTERN, NAME, ARGUMENT...)
sub guard
{
	my ($program, $want, $pattern, $name, @arguments) = @_;
	my ($out, $err) = ('', '');
	IPC::Run::run([ $program, @arguments ], '<', \'', '>', \$out, '2>', \$err);
	is($? >> 8, $want, "$name: status") or diag($out . $err);
	like($out . $err, $pattern, "$name: says so");
	return $out;
}
my ($old, @verify) = 'contact-guard';

sub write_file
{
	my ($name, $text) = @_;
	open my $fh, '>:raw', "$work/$name" or die $!;
	print $fh $text;
	close $fh;
	return "$work/$name";
}

# Signed by openssl: a seed behind a PKCS #8 header.
my $vkey = guard($old, 0, qr/^\Q$origin\E/, 'keygen', 'keygen', '--origin', $origin, '--out', "$work/key");
chomp $vkey;
my ($id, $secret) = slurp_file("$work/key") =~ /^PRIVATE\+KEY\+\Q$origin\E\+([0-9a-f]{8})\+(\S+)\n$/;
write_file('der', pack('H*', '302e020100300506032b657004220420') . substr(decode_base64($secret), 1));
system_or_bail('openssl', 'pkey', '-inform', 'DER', '-in', "$work/der", '-out', "$work/pem");

sub publish
{
	sql('CALL contact_guard.mock_build()');
	my ($size) = @_;
	$size //= sql('SELECT count(*) FROM contact_guard.mock_node WHERE height = 0');
	my $text = sql("SELECT contact_guard.mock_text('$origin', $size)");
	write_file('text', $text);
	system_or_bail('openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', "$work/pem", '-in', "$work/text", '-out', "$work/signature");
	my $note = "$text\n\xE2\x80\x94 $origin " . encode_base64(pack('H8', $id) . slurp_file("$work/signature"), '') . "\n";
	sql("INSERT INTO contact_guard.mock_note VALUES ($size, \$note\$$note\$note\$)");
	return;
}

# changed(SQL, [PROGRAM, STATUS, PATTERN, NAME, ARGUMENT...]...): after a change that is taken back
sub changed
{
	my ($sql, @guards) = @_;
	sql("CREATE TABLE kept AS TABLE contact_guard.mock_row; $sql");
	guard(@$_) foreach @guards;
	sql('TRUNCATE contact_guard.mock_row; INSERT INTO contact_guard.mock_row TABLE kept; DROP TABLE kept');
	return;
}

sql(slurp_file(dirname(__FILE__) . '/../client/mock.sql'));
@verify = ('verify', $conninfo, '--vkey', $vkey);
my $row = 'contact_guard.mock_row';

# 1. All rows of versions 1 and 2
sql('CALL contact_guard.mock_fill(0, 299); CALL contact_guard.mock_renew(150, 299, 2)');
publish();
guard($_, 0, qr/300 rows checked.*^good$/ms, "rows of versions that both know, $_", @verify) foreach $old, $newer;
is(sql("SELECT sum((opens_at = '-infinity')::int), sum((identity = 'asserted')::int), count(technician) FROM $row"), '15|90|15', '... with all values');
foreach my $change ("identity = 'token:x'", "identity = NULL", "opens_at = read_at", "closes_at = 'infinity'", 'closes_at = NULL', "previous_opens_at = '-infinity'",
	"previous_closes_at = 'infinity'", "technician = 'eve'", "reason = 'x'", 'session = NULL', 'statement = 1', 'query_id = 1', "query = 'SELECT'", 'execution_salt = actor_salt')
{
	changed("UPDATE $row SET $change WHERE seq = 160", [ $old, 1, qr/first bad row: seq 160/, "$change, in a row of version 2", @verify ]);
}
changed("UPDATE $row SET execution_salt = NULL WHERE seq = 160", [ $old, 1, qr/seq 160: personal values without their salt/, 'a salt that is gone', @verify ]);
changed("UPDATE $row SET opens_at = 'infinity' WHERE seq = 161", [ $old, 1, qr/first bad row: seq 161/, 'the other infinity', @verify ]);
foreach my $change ("identity = 'role'", "technician = 'eve'", 'opens_at = read_at', 'closes_at = read_at', 'previous_opens_at = read_at', 'previous_closes_at = read_at')
{
	changed("UPDATE $row SET $change WHERE seq = 7",
		[ $old, 1, qr/seq 7: a value that leaves of this version do not have/, "$change, in a row of version 1, which does not seal it", @verify ]);
}
changed("UPDATE $row SET leaf_version = 1, identity = NULL, opens_at = NULL, closes_at = NULL WHERE seq = 170",
	[ $old, 1, qr/first bad row: seq 170/, 'a row of version 2 that claims to be of version 1', @verify ]);
changed("UPDATE $row SET leaf_version = 2 WHERE seq = 9", [ $old, 1, qr/first bad row: seq 9/, '... and the other way round', @verify ]);
# Whoever changes a row may say that it is of a version that nobody knows.
changed("UPDATE $row SET count = 99, leaf_version = 3, execution_salt = actor_salt WHERE seq = 7",
	[ $old, 1, qr/seq 7: unknown version of leaves.*first bad row: seq 7/s, 'a changed row that claims a later version', @verify ],
	[ $newer, 1, qr/seq 7: the row is not the one/, '... and one that the client knows', @verify ]);
changed("UPDATE $row SET count = 99, leaf_version = 0 WHERE seq = 7",
	[ $old, 1, qr/seq 7: unknown version of leaves/, 'version 0', @verify ]);

# 2. The rest of version 3
sql('CALL contact_guard.mock_fill(300, 599); CALL contact_guard.mock_renew(300, 599, 3)');
publish();
guard($newer, 0, qr/600 rows checked.*^good$/ms, 'rows of three versions', @verify);
guard($old, 2, qr/^300 rows, the first of them seq 300, have leaves of a later version \(up to 3\) than this contact-guard \(version \S+\) knows \(up to 2\)/m,
	'... which an older client does not know', @verify);
guard($old, 0, qr/300 rows checked.*^good$/ms, '... up to the first of them it does', @verify, '--to', 299);
changed("UPDATE $row SET count = 99 WHERE seq = 400",
	[ $newer, 1, qr/first bad row: seq 400/, 'a changed row of version 3', @verify ]);
changed("UPDATE $row SET leaf_version = 2 WHERE seq = 400",
	[ $newer, 1, qr/first bad row: seq 400/, 'a row of version 3 that claims to be of version 2', @verify ],
	[ $old, 1, qr/first bad row: seq 400/, '... for the older client, too', @verify ]);
changed("UPDATE $row SET count = 99 WHERE seq = 3",
	[ $old, 1, qr/first bad row: seq 3/, 'a changed row that the older client knows', @verify ]);
# The log is alive, so that the client does not wait for one that stands still.
publish($_) foreach 597 .. 599;
changed("DELETE FROM $row WHERE seq = 450; CALL contact_guard.mock_grow(597, 600)",
	[ $old, 1, qr/seq 450: the row is missing/, 'a row of version 3 removed', @verify ]);
sql('CALL contact_guard.mock_stand()');

# 3. What else the older client meets
guard($newer, 0, qr/^$/, 'a proof of a row of version 3', 'proof', $conninfo, '--seq', 310, '--out', "$work/proof", '--vkey', $vkey);
guard($newer, 0, qr/^good$/m, '... checked', 'check-proof', "$work/proof", '--vkey', $vkey);
guard($old, 2, qr/event: .*the row is in the log that was signed, but its leaf is of version 3, which this contact-guard/s,
	'... by an older client', 'check-proof', "$work/proof", '--vkey', $vkey);
guard($old, 2, qr/row 310 is of version 3 of leaves, which this contact-guard .* does not know/, '... which makes none', 'proof', $conninfo, '--seq', 310, '--vkey', $vkey);
guard($newer, 0, qr/600 rows exported/, 'an export', 'export', $conninfo, "$work/newer.export", '--entries', '--vkey', $vkey);
guard($old, 2, qr/row 300 is of version 3 of leaves/, '... by an older client', 'export', $conninfo, "$work/old.export", '--entries', '--vkey', $vkey);

# Openings by group: version 1 has no group of the execution
my @proof = ('proof', $conninfo, '--out', "$work/proof", '--vkey', $vkey, '--seq');
my @check = ('check-proof', "$work/proof", '--vkey', $vkey);
guard($old, 2, qr/row 7 has a leaf of version 1, which shows reason, session and statement: only --open execution, too, proves it/, 'a proof that names nobody, of version 1', @proof, 7, '--open', 'customer');
guard($old, 0, qr/^$/, '... with them', @proof, 7, '--open', 'customer', '--open', 'execution');
guard($old, 0, qr/actor group: \(sealed\)\n(?:.*\n)*  session: 6957312c\.1092\n(?:.*\n)*  customer: 7\n.*^good$/ms, '... checked', @check);
guard($old, 0, qr/^$/, '... or all of it', @proof, 7);
guard($old, 0, qr/  session: 6957312c\.1092\n(?:.*\n)*  customer: 7\n  actor: müller\n.*^good$/ms, '... checked', @check);
guard($old, 0, qr/^$/, 'one of version 2', @proof, 161, '--open', 'customer');
guard($old, 0, qr/\A(?!.*(?:session|reason|statement|query|login|client|identity):)(?=.*  actor group: \(sealed\)\n)(?=.*  execution group: \(sealed\)\n)(?=.*  opens_at: -infinity\n)(?=.*  customer: 161\n).*^good$/ms, '... checked', @check);
guard($old, 0, qr/^$/, '... with the execution alone', @proof, 161, '--open', 'execution');
guard($old, 0, qr/\A(?=.*  customer: \(sealed\)\n)(?=.*  session: 6957312c\.1092\n)(?=.*  query: SHA-256 [0-9a-f]{64}\n)(?!.*  actor: ).*^good$/ms, '... checked', @check);
guard($old, 0, qr/^$/, '... with nothing', @proof, 161, '--sealed');
guard($old, 0, qr/\A(?!.*  (?:session|actor|login): )(?=.*  customer: \(sealed\)\n)(?=.*  actor group: \(sealed\)\n)(?=.*  execution group: \(sealed\)\n).*^good$/ms, '... checked', @check);
guard($old, 2, qr/option --open: not customer, actor or execution: "all"/, 'another group', @proof, 161, '--open', 'all');
guard($old, 2, qr/proof takes --sealed or --open, not both/, '--sealed and --open', @proof, 161, '--open', 'actor', '--sealed');

# 4. The stream: another format, no header (1.0), columns that are missing or there twice
sub streamed
{
	my ($name, $status, $pattern, $from, $to) = @_;
	my $was = sql("SELECT pg_get_functiondef('contact_guard.evidence_stream(bigint, bigint)'::regprocedure)");
	sql($was =~ s/$from/$to/r);
	guard($newer, $status, $pattern, $name, @verify);
	sql($was);
	return;
}
my $header = sql("SELECT pg_get_functiondef('contact_guard.mock_header(text[])'::regprocedure)");
sql($header =~ s/int2send\(2::int2\)/int2send(3::int2)/r);
guard($old, 2, qr/the server sends rows in format 3, and this contact-guard \(version \S+\) reads format 2/, 'another format', @verify);
sql($header);
my $needs = qr/the server does not send the columns that this contact-guard \(version newer\) needs/;
streamed('a column is missing', 2, $needs, qr/'leaf_version', 'query'/, "'leaf_version', 'question'");
streamed('a column twice', 2, $needs, qr/'weather'/, "'seq'");
my @columns = qw(seq event read_at actor login relation columns customer count intervention closed_at purpose reason client application
  session statement query_id query);
my $sends = join ', ', map { /_at$/ ? "timestamptz_send($_)" : /^(seq|count|statement|query_id)$/ ? "int8send($_)" : $_ eq 'columns' ? 'array_send(columns)' : "textsend($_)" } @columns;
sql("TRUNCATE $row, contact_guard.mock_note, contact_guard.mock_node; CALL contact_guard.mock_fill(0, 299)");
publish();
streamed('a server of version 1.0', 0, qr/300 rows checked.*^good$/ms, qr/\$function\$.*\$function\$/s, "\$function\$
	SELECT contact_guard.mock_binary($sends, customer_salt, actor_salt, customer_commitment, actor_commitment)
	FROM contact_guard.mock_row WHERE seq BETWEEN first AND last ORDER BY seq \$function\$");
$node->stop;
done_testing();
