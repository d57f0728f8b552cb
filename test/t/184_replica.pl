# A token on a hot standby: it names the actor.  Guarded values are withheld from him (NULL, and a
# WARNING), since no record can be made there; or the standby asks the primary, and what is revoked
# there counts at once.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Issuer;
use PostgreSQL::Test::Utils;
use Test::More;
use Wire;

my $issuer = Issuer->new('python') or plan skip_all => 'python3-jwcrypto is not there';
my $folder = PostgreSQL::Test::Utils::tempdir();
my $file = "$folder/identity.jwks";
chmod 0755, $folder;
$issuer->key('ES256', 'ES256');
put_keys($file, $issuer->set('ES256'));
my $node = guard_node('tokens_primary', { allows_streaming => 1 }, 'autovacuum = off', 'contact_guard.identity = required',
	"contact_guard.identity_keys = '$file'", "contact_guard.identity_audience = 'crm'");
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', 'CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO pool');
$node->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('tokens_standby');
$standby->init_from_backup($node, 'base', has_streaming => 1);
$standby->start;

my $token = $issuer->token('ES256');
my $call = 'SELECT contact_guard.act_as_token($1)';
foreach my $case ([ $node, phone_of(1), 'the primary' ], [ $standby, '55000: guarded columns are withheld on a standby', 'the standby' ])
{
	my ($server, $wanted, $name) = @$case;
	my $wire = Wire->new($server, 'crm', 'pool');
	says($wire, 'BEGIN');
	is(says($wire, $call, $token), '', "$name accepts a token");
	is(says($wire, 'SELECT contact_guard.current_actor()'), 'anna', '... which names the actor');
	is(says($wire, 'SELECT phone FROM crm.customer WHERE id = 1'), $wanted, '... who sees what he may there');
	says($wire, 'ROLLBACK; BEGIN');
	like(says($wire, $call, $issuer->token('ES256', exp => time - 100)), qr/^28000: token refused/, '... and refuses one that has expired');
	$wire->quit;
}

# The standby asks the primary
$node->safe_psql('crm', 'CREATE ROLE node2 LOGIN; GRANT contact_guard_forwarder TO node2');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
$standby->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.standby_reads = forward");
$standby->safe_psql('postgres', "ALTER SYSTEM SET contact_guard.primary_conninfo = 'host=" . $node->host . ' port=' . $node->port . " user=node2'");
$standby->reload;
my $wire = Wire->new($standby, 'crm', 'pool');
says($wire, 'BEGIN');
is(says($wire, $call, $token), '', 'a standby that forwards accepts a token');
is(says($wire, 'SELECT phone FROM crm.customer WHERE id = 2'), phone_of(2), '... and its actor is shown what is open for him');
is(says($wire, 'SELECT phone FROM crm.customer WHERE id = 30'), mask_of(30), '... and no more');
is(log_rows($node, 'crm', "event = 'shown' AND customer = '2' AND actor = 'anna' AND login = 'pool' AND identity ~ '^token:' AND application ~ ' on '"), 1, '... on record, with how his name is known');
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_pause()');
$standby->poll_query_until('postgres', "SELECT pg_get_wal_replay_pause_state() = 'paused'") or die;
$node->safe_psql('crm', q(SELECT contact_guard.revoke_identity('anna', 'a test')));
is(says($wire, 'SELECT phone FROM crm.customer WHERE id = 2'), mask_of(2), 'when the primary has revoked it, it shows nothing, though the standby has not heard of that');
$wire->quit;
$standby->safe_psql('postgres', 'SELECT pg_wal_replay_resume()');
$node->wait_for_catchup($standby, 'replay', $node->lsn('insert'));
{
	my $wire = Wire->new($standby, 'crm', 'pool');
	says($wire, 'BEGIN');
	like(says($wire, $call, $token), qr/^28000: token refused \(It was revoked/, 'a revocation reaches the standby');
	$wire->quit;
}
$standby->stop;
done_testing();
