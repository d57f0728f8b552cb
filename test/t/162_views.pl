# The views of what is in force, status() for pg_monitor, and what protect() says of a mask "null".

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Test::More;

my $node = guard_node('views', 'autovacuum = off');
make_roles($node);
make_crm($node, 'crm', 10);
$node->safe_psql('crm', q(
	CREATE ROLE adm LOGIN IN ROLE contact_guard_admin; CREATE ROLE aud LOGIN IN ROLE contact_guard_auditor; CREATE ROLE mon LOGIN IN ROLE pg_monitor;
	CREATE TABLE crm.lead (id int, customer_id bigint, phone text, fax text NOT NULL);
	CREATE SCHEMA other; CREATE TABLE other.lead (id int, customer_id bigint, phone text);
	SELECT contact_guard.allow('eve', 'leads', 'crm.customer');
	SELECT contact_guard.sync()));

foreach my $user (qw(aud adm))
{
	is($node->safe_psql('crm', q(SELECT relation, column_name, mask, customer, mode, fallback, since > now() - interval '1 hour', set_by, problem IS NULL FROM contact_guard.policies), extra_params => [ '-U', $user ]),
		'crm.customer|phone|partial(2,1)|id|mask|none|t|postgres|t', "$user sees the policy");
	is($node->safe_psql('crm', q(SELECT role, relation, purpose, level, since > now() - interval '1 hour', set_by, problem IS NULL FROM contact_guard.permissions ORDER BY role::text), extra_params => [ '-U', $user ]),
		"dispatcher||planning|recorded|t|postgres|t\neve|crm.customer|leads|recorded|t|postgres|t", '... and the permissions');
	is($node->safe_psql('crm', q(SELECT relation, id, customer, technician, opens_at, closes_at, settings ->> 'open_when', since > now() - interval '1 hour', set_by, problem IS NULL FROM contact_guard.interventions
		WHERE relation <> 'contact_guard.intervention'::regclass), extra_params => [ '-U', $user ]),
		"crm.intervention|id|customer_id|technician|starts_at|ends_at|status = 'on_site'|t|postgres|t", '... and the interventions');
}
foreach my $user (qw(anna mon dispatcher))
{
	like((as($node, 'crm', $user, "SELECT * FROM contact_guard.$_"))[1], qr/42501: permission denied/, "$user does not see $_") foreach qw(policies permissions interventions);
}
like((as($node, 'crm', 'adm', q(SELECT contact_guard.policy_change('hold: ', NULL))))[0], qr/^\(,\)$|^$/, 'what begins a record of another kind is not told');

is((as($node, 'crm', 'mon', 'SELECT guard FROM contact_guard.status()'))[0] ne '', 1, 'pg_monitor may call status()');

# Of two relations of one name the log does not say which.
$node->safe_psql('crm', q(SET client_min_messages = error; SELECT contact_guard.protect('crm.lead', 'customer_id', '{phone}', 'partial(2,1)');
	SELECT contact_guard.protect('other.lead', 'customer_id', '{phone}', 'partial(2,1)'); SELECT contact_guard.sync()));
is($node->safe_psql('crm', q(SELECT relation, since IS NULL, set_by IS NULL FROM contact_guard.policies WHERE relation <> 'crm.customer'::regclass ORDER BY 1)),
	"crm.lead|t|t\nother.lead|t|t", 'names that are not unique');

# A mask that applications do not expect
like((as($node, 'crm', 'postgres', "SELECT contact_guard.protect('crm.lead', 'customer_id', '{fax}', 'null')"))[1], qr/WARNING.*mask "null" of column "fax" of relation "lead" gives NULL though the column is NOT NULL.*HINT:/s, 'protect() warns of NULL in a column that is NOT NULL');
unlike((as($node, 'crm', 'postgres', "SELECT contact_guard.protect('crm.lead', 'customer_id', '{fax}', 'partial(1,1)')"))[1], qr/mask "null"/, '... and not of another mask');

# What is broken says why.
$node->safe_psql('crm', 'ALTER TABLE crm.lead DROP COLUMN customer_id; ALTER TABLE crm.intervention RENAME COLUMN status TO state');
like($node->safe_psql('crm', q(SELECT problem FROM contact_guard.policies WHERE relation = 'crm.lead'::regclass)), qr/\w/, 'why a policy is broken');
like($node->safe_psql('crm', q(SELECT problem FROM contact_guard.interventions WHERE relation = 'crm.intervention'::regclass)), qr/status/, 'why interventions are');

$node->stop;
done_testing();
