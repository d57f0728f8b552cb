# Who opened the window: windows_opened() tells which windows were opened, by whom and for whom,
# and what speaks for a favour.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__) . '/lib';
use Guarded;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('opened');
make_roles($node);
make_crm($node, 'crm', 30);
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy;
	CREATE ROLE auditor LOGIN IN ROLE contact_guard_auditor;
	GRANT SELECT, UPDATE ON crm.intervention TO anna, dispatcher, pool;
	UPDATE crm.intervention SET status = 'planned';
	SELECT contact_guard.use_interventions('crm.intervention', customer => 'customer_id', technician => 'technician',
		opens_at => 'starts_at', closes_at => 'ends_at', open_when => $$status = 'on_site'$$, watch => 'trigger');));


sub visit
{
	my ($user, $intervention, $what, $actor) = @_;
	as($node, 'crm', $user, ($actor ? "BEGIN; SELECT contact_guard.act_as('$actor');" : '') .
		"UPDATE crm.intervention SET $what WHERE id = $intervention;" . ($actor ? 'COMMIT' : ''));
	return;
}

sub reads
{
	my ($customer) = @_;
	return as($node, 'crm', 'anna', "SELECT phone FROM crm.customer WHERE id = $customer");
}

# With hours and days that hold always, or never, what the clock says does not matter.
sub opened
{
	my ($columns, $intervention, $arguments) = @_;
	$arguments //= q(day_begins => '00:00', day_ends => '24:00', workdays => '{1,2,3,4,5,6,7}', before_read => '1 day', after_read => '1 day');
	as($node, 'crm', 'auditor', 'SELECT contact_guard.sync()');
	return $node->safe_psql('crm', "SELECT $columns FROM contact_guard.windows_opened($arguments) WHERE intervention = '$intervention'",
		extra_params => [ '-U', 'auditor' ]);
}

my $flags = 'opened_by, shortly_before_read, off_hours, first_visit, closed_after_read';

visit('anna', 1, "status = 'on_site'");
is(reads(1), phone_of(1), 'anna opens her own window, and reads');
visit('anna', 1, "status = 'done'");
visit('dispatcher', 2, "status = 'on_site'");
is(opened($flags, 1), 'himself|t|f|t|t', 'by the technician, just before a read, and closed after it');
is(opened($flags, 2), 'another|f|f|t|f', 'by somebody else, and nobody read');
is(opened('actor, login, identity, technician, customer, relation, previous_opens_at IS NULL, opens_at < now(), closes_at > now(), reason IS NULL', 1),
	'anna|anna|role|anna|1|crm.intervention|t|t|t|t', 'who, for whom, and where');
is(opened("opened_at < first_read_at AND read_after = first_read_at - opened_at AND closed_at > first_read_at", 1), 't', 'when');

# Behind a pool
visit('pool', 3, "status = 'on_site'");
visit('pool', 4, "status = 'on_site'", 'anna');
visit('pool', 5, "status = 'on_site'", 'boss');
is(opened('opened_by, actor, login, identity', 3), 'unknown|pool|pool|unnamed', 'a login that has not said for whom it acts');
is(opened('opened_by, actor, login, identity', 4), 'himself|anna|pool|asserted', '... that has');
is(opened('opened_by, actor, login, identity', 5), 'another|boss|pool|asserted', '... that has named somebody else');
as($node, 'crm', 'pool', "BEGIN; UPDATE crm.intervention SET status = 'on_site' WHERE id = 9; SELECT contact_guard.act_as('boss');
	UPDATE crm.intervention SET ends_at = ends_at - interval '1 us' WHERE id = 9; COMMIT");
is(opened('opened_by, actor, login, identity', 9), 'unknown|pool|pool|unnamed', '... whom the last touch does not sign for');
visit('anna', 6, "status = 'on_site', technician = 'anna'");
as($node, 'crm', 'postgres', 'GRANT dispatcher TO anna');
as($node, 'crm', 'anna', "SET ROLE dispatcher; UPDATE crm.intervention SET status = 'on_site' WHERE id = 7");
is(opened('opened_by, actor, login', 7), 'himself|dispatcher|anna', 'SET ROLE makes nobody another one');

# Thresholds, hours and days are arguments
is(opened('shortly_before_read, closed_after_read', 1, "before_read => '0', after_read => '0'"), 'f|f', 'no time at all');
is(opened('off_hours', 1, "day_begins => '00:00', day_ends => '24:00', workdays => '{}'"), 't', 'no working day');
is(opened('off_hours', 1, "day_begins => '00:00', day_ends => '00:00', workdays => '{1,2,3,4,5,6,7}'"), 't', 'no working hour');
is(opened("off_hours = ((opened_at AT TIME ZONE 'Asia/Tokyo')::time NOT BETWEEN '08:00' AND '17:59:59.999999')", 1,
	"day_begins => '08:00', day_ends => '18:00', workdays => '{1,2,3,4,5,6,7}', timezone => 'Asia/Tokyo'"), 't', 'hours of a time zone');
is(opened('count(*)', 1, 'until => now() - interval \'1 day\''), 0, 'until');
is(opened('count(*)', 1, 'since => now() + interval \'1 day\''), 0, 'since');

# A customer who was visited before; windows that move, and that do not open
visit('postgres', 8, "customer_id = 1, status = 'on_site'");
is(opened('first_visit', 8), 'f', 'another visit at a customer');
visit('dispatcher', 8, "ends_at = ends_at + '1 h'");
visit('dispatcher', 8, "starts_at = starts_at - interval '1 h'");
visit('dispatcher', 8, "starts_at = starts_at + interval '1 minute', ends_at = ends_at - interval '1 h'");
is(opened("string_agg(concat_ws(' ', closes_at > previous_closes_at, opens_at < previous_opens_at), ', ' ORDER BY seq)", 8), ', t f, f t',
	'made longer, made earlier, but not what was made shorter');
visit('dispatcher', 8, "ends_at = now() - interval '1 s'");
visit('dispatcher', 8, "ends_at = now() + '1 h'");
is(opened('count(*)', 8), 4, 'a window that was over is opened again');

# Closed by moving it: to the past, and to another month
foreach ([ 11, "ends_at = now() - interval '1 h', starts_at = now() - interval '2 h'" ], [ 12, "starts_at = starts_at + interval '1 month', ends_at = ends_at + interval '1 month'" ])
{
	my ($id, $move) = @$_;
	visit('postgres', $id, "technician = 'anna', customer_id = $id, status = 'on_site'");
	reads($id);
	visit('anna', $id, $move);
	is(opened('bool_or(closed_after_read), min(closed_at) > min(first_read_at)', $id), 't|t', "closed by: $move");
}

# A window of next year that was taken back is no visit
visit('postgres', 13, "technician = 'anna', customer_id = 20, starts_at = now() + '1 year', ends_at = now() + '2 years', status = 'on_site'");
visit('postgres', 13, "status = 'planned'");
visit('postgres', 14, "technician = 'anna', customer_id = 20, status = 'on_site'");
is(opened('first_visit', 14), 't', 'a window that never was open is no visit');

# A closing that fails at its commit closes nothing
reads(20);
my ($one, $two) = map { session($node, 'crm', 'postgres') } 1, 2;
$_->query_safe('BEGIN ISOLATION LEVEL SERIALIZABLE; SELECT count(*) FROM crm.intervention') foreach $one, $two;
$one->query_safe('UPDATE crm.intervention SET technician = technician WHERE id = 15');
$two->query_safe("UPDATE crm.intervention SET status = 'planned' WHERE id = 14");
$one->query_safe('COMMIT');
$two->query('COMMIT');
$_->quit foreach $one, $two;
as($node, 'crm', 'auditor', 'SELECT contact_guard.sync()');
is(log_rows($node, 'crm', "event = 'window' AND intervention = '14' AND reason ~ '^its transaction did not commit'"), 1, 'a closing that did not commit');
is(opened('closed_at IS NULL, closed_after_read', 14), 't|f', '... closes nothing');

$node->safe_psql('crm', 'TRUNCATE crm.intervention');
is($node->safe_psql('crm', "SELECT contact_guard.sync()") . $node->safe_psql('crm', "SELECT opened_by, technician, first_visit, reason FROM contact_guard.windows_opened() WHERE intervention IS NULL"),
	'unknown|||TRUNCATE has taken rows away', 'what may have moved is told, too');

# Nobody else may ask, and the question is a record
is(state_of((as($node, 'crm', 'anna', 'SELECT * FROM contact_guard.windows_opened()'))[1]), '42501', 'technicians may not ask');
cmp_ok(log_rows($node, 'crm', "event = 'audit_read' AND actor = 'auditor'"), '>', 0, 'questions are recorded');

done_testing();
