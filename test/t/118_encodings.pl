# Leaves are UTF-8 whatever the database's encoding, and bytes under SQL_ASCII.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;

my $dir = PostgreSQL::Test::Utils::tempdir;

sub guard
{
	my ($out, $err) = ('', '');
	IPC::Run::run([ 'contact-guard', @_ ], '>', \$out, '2>', \$err);
	return ($? >> 8, "$out$err");
}

mkdir "$dir/keys", 0700 or die;
my ($code, $said) = guard('keygen', '--origin', 'example.org/log', '--out', "$dir/keys/log");
my ($vkey) = $said =~ m{^(example\.org/log\+\S+)$}m;
($code, $said) = guard('keygen', '--origin', 'example.org/witness', '--witness', '--out', "$dir/keys/witness");
my ($witness) = $said =~ m{^(example\.org/witness\+\S+)$}m;
my $node = guard_node('encodings', {}, "contact_guard.signing_key_file = '$dir/keys/log'", 'contact_guard.checkpoint_interval = 1',
	"contact_guard.witness_keys = '$witness'");
make_roles($node);
foreach my $case ([ 'latin1', 'LATIN1', 'UTF8' ], [ 'ascii', 'SQL_ASCII', 'SQL_ASCII' ])
{
	my ($db, $encoding, $client) = @$case;
	$node->safe_psql('postgres', "CREATE DATABASE $db ENCODING '$encoding' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
	$node->safe_psql($db, qq(SET client_encoding = '$client';
		SET client_min_messages = warning;
		CREATE EXTENSION contact_guard;
		CREATE SCHEMA crm; GRANT USAGE ON SCHEMA crm TO PUBLIC;
		CREATE TABLE crm.customer (id text PRIMARY KEY, "t\xc3\xa9l\xc3\xa9phone" text);
		INSERT INTO crm.customer VALUES ('K\xc3\xa4the', '1'), ('Zo\xc3\xab', '2');
		CREATE TABLE crm.intervention (id int, customer_id text, technician text, opens_at timestamptz, closes_at timestamptz);
		CREATE INDEX ON crm.intervention (technician, opens_at);
		GRANT SELECT ON crm.customer TO PUBLIC;
		SELECT contact_guard.use_interventions('crm.intervention', id => 'id', customer => 'customer_id', technician => 'technician',
			opens_at => 'opens_at', closes_at => 'closes_at');
		SELECT contact_guard.protect('crm.customer', 'id', '{t\xc3\xa9l\xc3\xa9phone}', 'null');
		SELECT contact_guard.allow('dispatcher', 'caf\xc3\xa9');));
	as($node, $db, 'dispatcher', "SET client_encoding = '$client'; SET application_name = 'x'; SELECT * FROM crm.customer /* \xc3\xa9 */");
	my $size = $node->safe_psql($db, 'SELECT contact_guard.sync(); SELECT log_size FROM contact_guard.status()') =~ s/^\s+//r;
	ok($node->poll_query_until($db, "SELECT last_checkpoint >= $size FROM contact_guard.status()"), "$encoding: a checkpoint is signed");
	is($node->safe_psql($db, "SET client_encoding = '$client'; SELECT string_agg(customer || ' ' || columns::text || ' ' || purpose, ', ' ORDER BY seq) FROM contact_guard.access_log WHERE event = 'shown'"),
		"K\xc3\xa4the {t\xc3\xa9l\xc3\xa9phone} caf\xc3\xa9, Zo\xc3\xab {t\xc3\xa9l\xc3\xa9phone} caf\xc3\xa9", '... of rows with letters beyond ASCII');
	is($node->safe_psql($db, q(SELECT count(*) FROM contact_guard.log WHERE sha256('\x00'::bytea || contact_guard.leaf(seq))
		IS DISTINCT FROM substr(contact_guard.tile(0, 0), seq::int * 32 + 1, 32))), 0, '... by SQL each row is its leaf');
	($code, $said) = guard('verify', $node->connstr($db), '--vkey', $vkey);
	is($code, 0, '... by the client, too') or diag($said);
	($code, $said) = guard('witness', $node->connstr($db), '--state', "$dir/$db", '--key', "$dir/keys/witness", '--vkey', $vkey);
	is($code, 0, '... a witness cosigns it') or diag($said);
	is($node->safe_psql($db, "SELECT count(*) FROM contact_guard.signed_checkpoint WHERE note LIKE '%witness%'"), 1, '... and hands that back');
	($code, $said) = guard('verify', $node->connstr($db), '--vkey', $vkey, '--checkpoint', "$dir/$db/checkpoint");
	is($code, 0, '... what it holds is of this log') or diag($said);
	my $seq = $node->safe_psql($db, "SELECT min(seq) FROM contact_guard.access_log WHERE event = 'shown'");
	guard('proof', $node->connstr($db), '--seq', $seq, '--out', "$dir/$db.proof", '--vkey', $vkey);
	($code, $said) = guard('check-proof', "$dir/$db.proof", '--vkey', $vkey);
	like("$code $said", qr/^0.*K\xc3\xa4the/s, '... and a proof shows the customer in UTF-8');
}
is($node->safe_psql('latin1', 'SELECT count(*) FROM contact_guard.signed_checkpoint WHERE note !~ E\'\n\n-- example.org/log \''), 0,
	'LATIN1 has no em dash: it is --');

# A name that is not the same in both could be in no text that is signed: it counts at the first checkpoint.
$node->safe_psql('postgres', "CREATE DATABASE second ENCODING 'LATIN1' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'");
$node->append_conf('postgresql.conf', "contact_guard.origin = 'caf\xc3\xa9'");
$node->restart;
$node->safe_psql('second', 'CREATE EXTENSION contact_guard');
ok($node->poll_query_until('second', q(SELECT problems::text LIKE '%no checkpoint is signed%in a database of encoding LATIN1%' FROM contact_guard.status())),
	'such a name is refused');
$node->append_conf('postgresql.conf', "contact_guard.origin = 'cafe'");
$node->reload;
$node->stop;
done_testing();
