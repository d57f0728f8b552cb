# Tokens behind PgBouncer in transaction mode: eight clients of two users, while the keys of the
# identity provider change.  No record has the wrong actor, and no good token is refused.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Issuer;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);
use Wire;

my $issuer = Issuer->new('python') or plan skip_all => 'python3-jwcrypto is not there';
my ($bouncer) = grep { -x } '/usr/sbin/pgbouncer', '/usr/bin/pgbouncer';
my $folder = PostgreSQL::Test::Utils::tempdir();
my $file = "$folder/identity.jwks";
chmod 0755, $folder;
$issuer->key($_, 'ES256') foreach qw(old new);
put_keys($file, $issuer->set('old'));

my $node = guard_node('pool', 'autovacuum = off', 'contact_guard.identity = required', "contact_guard.identity_keys = '$file'",
	"contact_guard.identity_audience = 'crm'");
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', q(CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO pool;
	INSERT INTO crm.intervention (customer_id, technician, starts_at, ends_at, status) VALUES (30, 'bert', now() - interval '1 h', now() + interval '1 day', 'on_site')));

# Where the clients connect to: PgBouncer, or the server if it is not there
package Endpoint { sub new { my ($class, $host, $port) = @_; return bless { host => $host, port => $port }, $class } sub host { $_[0]{host} } sub port { $_[0]{port} } }
my $endpoint = $node;
my $pid;
if ($bouncer)
{
	my $port = PostgreSQL::Test::Cluster::get_free_port();
	append_to_file("$folder/pgbouncer.ini", "[databases]\ncrm = host=@{[ $node->host ]} port=@{[ $node->port ]} dbname=crm user=pool\n[pgbouncer]\n"
		  . "listen_addr =\nunix_socket_dir = $folder\nlisten_port = $port\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 3\n"
		  . "logfile = $folder/pgbouncer.log\npidfile = $folder/pgbouncer.pid\n");
	$pid = fork() // die "fork: $!";
	if ($pid == 0) { open STDOUT, '>', '/dev/null'; open STDERR, '>&', \*STDOUT; exec $bouncer, '-q', "$folder/pgbouncer.ini" or POSIX::_exit(1) }
	for (1 .. 600) { last if -S "$folder/.s.PGSQL.$port"; usleep(100_000) }
	$endpoint = Endpoint->new($folder, $port);
}
else { diag 'pgbouncer is not there: the clients have sessions of their own' }

my %user = (anna => 1, bert => 30);
my %token = map { my $sub = $_; map { $_ . $sub => $issuer->token($_, sub => $sub) } qw(old new) } keys %user;
# By rename: a client must not take a phase that is over for the present one.
sub put_phase { my ($phase) = @_; append_to_file("$folder/phase.$phase", $phase); return rename "$folder/phase.$phase", "$folder/phase" }

# One client: transaction after transaction, by the token of the phase
sub run_client
{
	my ($number) = @_;
	my ($who) = (sort keys %user)[ $number % 2 ];
	my $wire = Wire->new($endpoint, 'crm', 'pool');
	my ($done, @wrong) = (0);
	my $last = '';
	while ($last ne 'stop')
	{
		my $phase = slurp_file("$folder/phase");
		if ($phase ne $last) { append_to_file("$folder/$number.$phase", ''); $last = $phase }
		last if $phase eq 'stop';
		my @said = (says($wire, 'BEGIN'), says($wire, 'SELECT contact_guard.act_as_token($1)', $token{ $phase . $who }),
			says($wire, 'SELECT contact_guard.current_actor(), phone FROM crm.customer WHERE id = $1::text::bigint', $user{$who}), says($wire, 'COMMIT'));
		my $wanted = "||$who|" . phone_of($user{$who}) . '|';
		push @wrong, "@said" if join('|', @said) ne $wanted;
		$done++;
	}
	append_to_file("$folder/$number.result", join "\n", $done, @wrong[ 0 .. ($#wrong > 4 ? 4 : $#wrong) ]);
	return;
}
my @clients;
put_phase('old');
foreach my $number (0 .. 7)
{
	my $child = fork() // die "fork: $!";
	if ($child == 0) { alarm 170; eval { run_client($number) }; append_to_file("$folder/$number.result", "0\n$@") if $@; POSIX::_exit(0) }
	push @clients, $child;
}

# Each client has begun a transaction by the token of this phase
sub all_are_in { my ($phase) = @_; for (1 .. 1200) { return 1 if 8 == grep { -e "$folder/$_.$phase" } 0 .. 7; usleep(100_000) } return 0 }
sub keys_are
{
	my (@kids) = @_;
	my $offset = -s $node->logfile;
	put_keys($file, $issuer->set(@kids));
	$node->reload;
	return $node->wait_for_log(qr/contact_guard verifies tokens by/, $offset);
}
ok(all_are_in('old'), 'eight clients');
keys_are('old', 'new');
put_phase('new');
ok(all_are_in('new'), 'the provider signs by a new key');
# By now each client's last transaction with the old token has ended
keys_are('new');
$node->safe_psql('crm', 'SELECT contact_guard.sync()');
put_phase('stop');
ok(all_are_in('stop'), 'the end');
waitpid $_, 0 foreach @clients;
my $done = 0;
foreach my $number (0 .. 7)
{
	my ($count, @wrong) = split /\n/, slurp_file("$folder/$number.result");
	$done += $count;
	is("@wrong", '', "client $number: no token was refused, each saw its own");
}
cmp_ok($done, '>', 16, "$done transactions");
is(log_rows($node, 'crm', q(event = 'shown' AND NOT (actor, customer) IN (('anna', '1'), ('bert', '30')))), 0, 'no record has the wrong actor');
cmp_ok(log_rows($node, 'crm', "event = 'shown' AND actor = '$_'"), '>', 1, "$_ has records") foreach sort keys %user;
is($node->safe_psql('crm', q(SELECT string_agg(DISTINCT identity, ' ' ORDER BY identity) FROM contact_guard.access_log WHERE event = 'shown')), 'token:new token:old',
	'... which say by which key');
is($node->safe_psql('crm', q(SELECT count(*) FROM contact_guard.access_log WHERE event = 'shown' AND login <> 'pool')), 0, '... and the login');
if ($pid) { kill 'TERM', $pid; waitpid $pid, 0 }
done_testing();
