# contact-guard against a server that answers rubbish: test/client/mock.sql, one
# function of which is replaced at a time.  It is never "good", and never crashes.
use strict;
use warnings;
use File::Basename;
use IPC::Run;
use MIME::Base64;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

# 114_attacks has the likely ones; this takes a minute.
plan skip_all => 'a part of make soak' if !$ENV{CG_SOAK};

my $program = $ENV{CG_PROGRAM} || 'contact-guard';
my $origin = 'example.com/pg/contactlog';
my $work = PostgreSQL::Test::Utils::tempdir();
my $node = PostgreSQL::Test::Cluster->new('hostile');
$node->init;
# The library is not needed: the mock has its schema.
$node->append_conf('postgresql.conf', "shared_preload_libraries = ''\nfsync = off");
$node->start;
my $conninfo = $node->connstr('postgres');

sub guard
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ $program, @_ ], '<', \undef, '>', \$out, '2>', \$err, IPC::Run::timeout(60));
	return ($?, "$out$err");
}

sub write_file
{
	my ($name, $text) = @_;
	open my $fh, '>:raw', "$work/$name" or die $!;
	print $fh $text;
	close $fh;
	return "$work/$name";
}

my $vkey = (guard('keygen', '--origin', $origin, '--out', "$work/key"))[1];
chomp $vkey;
my ($id, $secret) = slurp_file("$work/key") =~ /\+([0-9a-f]{8})\+(\S+)\n$/;
# A PKCS #8 header in front of the seed, for openssl
write_file('der', pack('H*', '302e020100300506032b657004220420') . substr(decode_base64($secret), 1));

sub sign
{
	my ($text) = @_;
	write_file('text', $text);
	system_or_bail(qw(openssl pkeyutl -sign -rawin -keyform DER -inkey), "$work/der", '-in', "$work/text", '-out', "$work/signature");
	return "$text\n\xE2\x80\x94 $origin " . encode_base64(pack('H8', $id) . slurp_file("$work/signature"), '') . "\n";
}

sub sql { return $node->safe_psql('postgres', shift) }

# replace(FUNCTION, its arguments and type, BODY): until replaced with what it was
sub replaced
{
	my ($name, $body) = @_;
	my ($was) = sql("SELECT pg_get_functiondef(p.oid) FROM pg_proc p WHERE pronamespace = 'contact_guard'::regnamespace AND proname = '$name'");
	my $new = $was =~ s/\$function\$.*\$function\$/\$function\$ $body \$function\$/sr;
	sql($new);
	return $was;
}

my $round = 0;
my %command = (
	verify => sub { ('verify', $conninfo) },
	range => sub { ('verify', $conninfo, '--from', 255, '--to', 256) },
	witness => sub { ('witness', $conninfo, '--state', "$work/state") },
	export => sub { ('export', $conninfo, "$work/export." . $round++, '--entries') },
	proof => sub { ('proof', $conninfo, '--seq', 17, '--out', "$work/proof." . $round++) });

# hostile(NAME, FUNCTION, BODY, COMMAND...)
sub hostile
{
	my ($name, $function, $body, @commands) = @_;
	my $was = replaced($function, $body);
	foreach my $command (@commands)
	{
		my ($status, $said) = guard($command{$command}->(), '--vkey', $vkey);
		ok($status == 1 << 8 || $status == 2 << 8, "$name: $command") or diag("status $status: $said");
		unlike($said, qr/[^\n\t\x20-\x7E\x80-\xFF]|^good|Sanitizer|runtime error/m, '... says so in plain text');
	}
	sql($was);
	return;
}

sql(slurp_file(dirname(__FILE__) . '/../client/mock.sql'));
sql("CALL contact_guard.mock_fill(0, 299); CALL contact_guard.mock_build(); INSERT INTO contact_guard.mock_key VALUES ('$vkey')");
my $note = sign(sql("SELECT contact_guard.mock_text('$origin', 200)"));
sql("INSERT INTO contact_guard.mock_note VALUES (200, \$n\$$note\$n\$)");
is((guard($command{witness}->(), '--vkey', $vkey))[0], 0, 'a witness of 200 rows');
$note = sign(sql("SELECT contact_guard.mock_text('$origin', 300)"));
sql("INSERT INTO contact_guard.mock_note VALUES (300, \$n\$$note\$n\$)");
foreach my $command (grep { $_ ne 'witness' } sort keys %command)
{
	my ($status, $said) = guard($command{$command}->(), '--vkey', $vkey);
	is($status, 0, "$command of an honest server") or diag($said);
}

# Notes, signed or not
my @all = qw(verify witness export proof);
my $root = encode_base64('x' x 32, '');
hostile("a checkpoint of size $_", 'checkpoint', "SELECT \$n\$" . sign("$origin\n$_\n$root\n") . "\$n\$", @all)
  foreach 0, 1, 299, 300, 301;
hostile('a checkpoint of size 2^62', 'checkpoint', "SELECT \$n\$" . sign("$origin\n4611686018427387904\n$root\n") . "\$n\$", qw(witness export proof));
hostile("... $_", 'checkpoint', "SELECT \$n\$" . sign("$origin\n$_\n$root\n") . "\$n\$", @all) foreach '9223372036854775808', '-1', '1e3', '0300';
hostile('a note without end', 'checkpoint', "SELECT \$n\$$note\$n\$ || repeat(E'\\u2014 $origin AAAAAAAA\\n', 10000)", @all);
hostile('100 signatures that are wrong', 'checkpoint', "SELECT \$n\$$note\$n\$ || repeat(E'\\u2014 $origin ' || encode(decode('$id', 'hex') || sha256(''), 'base64') || E'\\n', 99)", @all);
hostile('a note of 30 MB', 'checkpoint', "SELECT repeat('x', 30000000)", 'verify');
hostile("an origin that writes on the terminal", 'checkpoint', "SELECT \$n\$" . sign("$origin/\x{C2}\x{9B}2J\n300\n" . (split /\n/, $note)[2] . "\n") . "\$n\$", @all);
hostile("a message that does", 'checkpoint', q(SELECT (note || E'\\x1b[2J\\rgood')::int::text FROM contact_guard.mock_note), @all);

# Tiles and proofs
hostile("tiles: $_", 'tile', $_, qw(verify range export)) foreach "SELECT NULL::bytea", "SELECT ''::bytea", "SELECT '\\x00'::bytea",
  "SELECT decode(repeat('00', 8191), 'hex')", "SELECT decode(repeat('ab', 8192), 'hex')", "SELECT decode(repeat('ab', 100000), 'hex')";
foreach my $function (qw(consistency_proof inclusion_proof))
{
	hostile("$function: $_", $function, $_, $function =~ /^c/ ? 'witness' : 'proof') foreach "SELECT NULL::bytea[]", "SELECT '{}'::bytea[]",
	  "SELECT '{NULL}'::bytea[]", "SELECT '{{a,b},{c,d}}'::bytea[]", "SELECT '{a}'::bytea[]", "SELECT array_fill(sha256(''), '{10}')",
	  "SELECT array_fill(sha256(''), '{64}')", "SELECT array_fill(sha256(''), '{100000}')";
}

# Rows: what a batch is, what is in it, and which there are
my @rows = qw(verify range export proof);
my $row = q(substr(b, 3) FROM (SELECT contact_guard.mock_binary(int8send(seq), textsend(event), timestamptz_send(read_at), textsend(actor),
	textsend(login), textsend(relation), %s, textsend(customer), int8send(count), textsend(intervention), timestamptz_send(closed_at),
	textsend(purpose), textsend(reason), textsend(client), textsend(application), textsend(session), int8send(statement),
	int8send(query_id), textsend(query), customer_salt, actor_salt, customer_commitment, actor_commitment)
	FROM contact_guard.mock_row WHERE seq BETWEEN first AND last ORDER BY seq) s (b));
my %arrays = ('no dimensions' => '\x0000000000000000', 'cut off' => '\x0000000100', 'many dimensions' => '\x7fffffff000000000000001900000001',
	'a billion names' => '\x0000000100000000000000194000000000000001', 'fewer than none' => '\x000000010000000000000019ffffffff00000001',
	'a name of 2 GB' => '\x000000010000000000000019000000010000000000000001' . '7fffffff', 'empty' => '\x');
hostile("columns: $_", 'evidence_stream', "SELECT '\\x0017'::bytea || " . sprintf($row, "'$arrays{$_}'::bytea"), 'verify', 'proof') foreach sort keys %arrays;
my %batches = (nothing => 'NULL::bytea', empty => q(''::bytea), 'a byte' => q('\x00'::bytea), 'no columns' => q('\x0000'::bytea),
	'-1 columns' => q('\xffff'::bytea), 'too many' => q('\x7fff'::bytea || decode(repeat('ff', 131068), 'hex')), 'all NULL' => q('\x0017'::bytea || decode(repeat('ff', 92), 'hex')),
	'a seq of 2 GB' => q('\x00177fffffff'::bytea), 'a short seq' => q('\x00170000000100'::bytea), 'a length below -1' => q('\x001780000000'::bytea));
hostile("a batch: $_", 'evidence_stream', "SELECT $batches{$_}", @rows) foreach sort keys %batches;
my $whole = sprintf($row, 'array_send(columns)') =~ s/^substr\(b, 3\)/b/r;
hostile('no rows', 'evidence_stream', "SELECT $whole LIMIT 0", qw(verify proof));
hostile('rows twice', 'evidence_stream', "SELECT $whole, generate_series(1, 2)" =~ s/^SELECT b/SELECT b/r, @rows);
hostile('rows in reverse', 'evidence_stream', 'SELECT ' . $whole =~ s/ORDER BY seq/ORDER BY seq DESC/r, qw(verify range export));
hostile("seq $_->[0]", 'evidence_stream', 'SELECT ' . $whole =~ s/int8send\(seq\)/int8send($_->[1])/r, @rows)
  foreach [ 'negative', '-seq - 1' ], [ 'huge', 'seq + 9223372036854775000' ], [ 'of another', 'seq + 1' ], [ 'the same', '5::int8' ];
hostile('a row cut off', 'evidence_stream', 'SELECT ' . $whole =~ s/^b/substr(b, 1, 100)/r, @rows);
hostile('something behind a row', 'evidence_stream', 'SELECT ' . $whole =~ s/^b/b || '\\x00'/r, @rows);
hostile('a long reason', 'evidence_stream', 'SELECT ' . $whole =~ s/textsend\(reason\)/textsend(repeat('x', 10000000))/r =~ s/ORDER BY seq/ORDER BY seq LIMIT 2/r, @rows);

# Files: a proof without end, keys that are none
my $status;
$status = (guard('check-proof', $_, '--vkey', $vkey))[0], is($status, 2 << 8, "a proof in $_") foreach '/dev/zero', '/dev/null', $work;
$status = (guard('check-proof', "$work/key", '--vkey', $_))[0], is($status, 2 << 8, "keys in $_") foreach '/dev/zero', '/dev/null', $work, "$work/signature";
$node->stop;
done_testing();
