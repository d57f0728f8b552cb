# pgaudit loaded beside us, in either order: it copies the parameters of every
# statement, those of the questions that we ask, too.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my ($libraries) = run_command([ 'pg_config', '--pkglibdir' ]);
plan skip_all => 'pgaudit is not installed' if !-e "$libraries/pgaudit.so";

foreach my $order ('pgaudit,contact_guard', 'contact_guard,pgaudit')
{
	my $node = guard_node($order =~ s/,/_/r, "shared_preload_libraries = '$order'", 'restart_after_crash = on',
		q(pgaudit.log = 'all'), 'pgaudit.log_parameter = on', 'pgaudit.log_relation = on', 'pgaudit.log_catalog = on');
	make_roles($node);
	make_crm($node, 'crm', 100);
	my $postmaster = $node->safe_psql('crm', 'SELECT pg_postmaster_start_time()');

	# A technician with windows and one without, the CRM's interventions and the built-in ones
	is(as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id IN (7, 42) ORDER BY id'), phone_of(7) . "\n" . mask_of(42), "$order: shown and withheld");
	is(as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 7'), mask_of(7), '... withheld from who has no window');
	$node->safe_psql('crm', q(SELECT contact_guard.open_intervention('42', 'eve', now(), now() + interval '1 h')));
	is(as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 42'), phone_of(42), '... a built-in intervention');
	is(as($node, 'crm', 'anna', 'SELECT count(*) FROM contact_guard.open_interventions()'), 20, '... the list of windows');
	is(as($node, 'crm', 'anna', "BEGIN; DECLARE c SCROLL CURSOR FOR SELECT phone FROM crm.customer WHERE id = 7 ORDER BY phone; FETCH ALL FROM c; FETCH FIRST FROM c"),
		phone_of(7) . "\n" . phone_of(7), '... a cursor that is resumed');
	is(as($node, 'crm', 'dispatcher', q(SELECT id FROM crm.customer WHERE phone = '0600000009')), 9, '... a look-up');
	is(log_rows($node, 'crm', q(event IN ('shown', 'withheld', 'lookup'))) >= 6, 1, '... all on record');
	is($node->safe_psql('crm', 'SELECT pg_postmaster_start_time()'), $postmaster, '... and the server lives');
	unlike(slurp_file($node->logfile), qr/PANIC|TRAP|terminated by signal/, '... without a crash');
	unlike(join("\n", grep { /AUDIT:/ } split /\n/, slurp_file($node->logfile)), qr/@{[ phone_of(42) ]}/, '... and its log has no stored value');
	$node->stop;
}
done_testing();
