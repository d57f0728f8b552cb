# Other libraries that are preloaded beside us, before and after: what is shown,
# masked and recorded is as without them, and they do what they are there for.
#
# A library that is not installed is left out; auto_explain and pg_stat_statements
# come with PostgreSQL.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

chomp(my $libdir = `pg_config --pkglibdir`);
chomp(my $sharedir = `pg_config --sharedir`);
my %there = map { $_ => -e "$libdir/$_.so" } qw(pgaudit pg_stat_statements auto_explain set_user pg_cron);
my @libraries = grep { $there{$_} } sort keys %there;
note 'not installed: ' . join(', ', grep { !$there{$_} } sort keys %there);

my %settings = (
	pgaudit => "pgaudit.log = 'all'\npgaudit.log_parameter = on\npgaudit.log_relation = on\npgaudit.log_rows = on",
	pg_stat_statements => "pg_stat_statements.track = 'all'\npg_stat_statements.track_planning = on",
	auto_explain => join("\n", map { "auto_explain.log_$_ = " . ($_ eq 'min_duration' ? 0 : 'on') }
		qw(min_duration analyze verbose nested_statements buffers wal triggers settings)),
	set_user => "set_user.block_alter_system = on",
	pg_cron => "cron.database_name = 'crm'\ncron.use_background_workers = on\nmax_worker_processes = 20",
);
# TEMP_CONFIG loads us alone, before what is said here.
sub server
{
	my ($name, @preload) = @_;
	my $node = guard_node($name, 'shared_preload_libraries = \'' . join(', ', @preload) . '\'',
		map { $settings{$_} // () } @preload);
	make_roles($node);
	make_crm($node, 'crm', 100);
	$node->safe_psql('crm', q(
		CREATE TABLE crm.visit (customer_id bigint, note text);
		GRANT INSERT, SELECT ON crm.visit TO anna;
		GRANT UPDATE (name) ON crm.customer TO anna;
		CREATE FUNCTION crm.numbers(int) RETURNS SETOF text STABLE LANGUAGE sql
			AS 'SELECT phone FROM crm.customer WHERE id <= $1 ORDER BY id';
		CREATE FUNCTION crm.one(bigint) RETURNS text LANGUAGE plpgsql
			AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
		CREATE VIEW crm.list AS SELECT id, phone FROM crm.customer;
		CREATE MATERIALIZED VIEW crm.names AS SELECT id, name FROM crm.customer;
		GRANT SELECT ON crm.list, crm.names TO anna, dispatcher;));
	return $node;
}

my @statements = (
	[ anna => 'SELECT id, phone FROM crm.customer WHERE id IN (7, 42) ORDER BY id' ],
	[ anna => 'PREPARE p(bigint) AS SELECT phone FROM crm.customer WHERE id = $1; EXECUTE p(7); EXECUTE p(42)' ],
	[ anna => 'SELECT * FROM crm.numbers(3)' ],
	[ anna => 'SELECT crm.one(7), crm.one(42)' ],
	[ anna => 'SELECT phone FROM crm.list WHERE id = 8' ],
	[ anna => 'SELECT c FROM crm.customer c WHERE id = 9' ],
	[ anna => 'DO $$ BEGIN PERFORM phone FROM crm.customer WHERE id IN (10, 50); END $$' ],
	[ anna => 'BEGIN; DECLARE c CURSOR FOR SELECT phone FROM crm.customer WHERE id < 5 ORDER BY id; FETCH 2 FROM c; MOVE c; FETCH c; COMMIT' ],
	[ anna => 'COPY (SELECT phone FROM crm.customer WHERE id IN (11, 60) ORDER BY id) TO STDOUT' ],
	[ anna => "INSERT INTO crm.visit VALUES (7, 'door open') RETURNING note" ],
	[ anna => "UPDATE crm.customer SET name = 'New' WHERE id = 7 RETURNING name, phone" ],
	[ anna => 'EXPLAIN (COSTS off) SELECT phone FROM crm.customer WHERE id = 7' ],
	[ anna => 'SELECT phone FROM crm.customer WHERE 1 / (id - 42) > 0 ORDER BY id' ],
	[ anna => 'SELECT name FROM crm.names WHERE id = 7' ],
	[ dispatcher => "SELECT id FROM crm.customer WHERE phone = '0600000033'" ],
	[ dispatcher => 'SELECT phone FROM crm.customer WHERE id = 42' ],
	[ eve => 'SELECT phone FROM crm.customer WHERE id = 7' ],
	[ eve => 'INSERT INTO crm.customer VALUES (7)' ],
	[ postgres => 'REFRESH MATERIALIZED VIEW crm.names' ],
	[ postgres => 'ALTER TABLE crm.visit ADD COLUMN done boolean' ],
	[ postgres => "SELECT contact_guard.open_intervention('42', 'anna', now(), now() + interval '1 h') > 0" ],
	[ anna => 'SELECT phone FROM crm.customer WHERE id IN (7, 42) ORDER BY id' ],
);

# What everybody was told, and what the log has of it.
sub play
{
	my ($node) = @_;
	my @answers = map { my ($out, $err) = as($node, 'crm', @$_); "$$_[0]: $$_[1]\n$out\n" . state_of($err) } @statements;
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my $log = $node->safe_psql('crm', q(SELECT event, actor, relation, columns, customer, count, purpose, reason
		FROM contact_guard.access_log WHERE event IN ('shown', 'withheld', 'lookup', 'bulk', 'policy')
		 -- pg_cron's job reads this one, when a minute begins
		 AND customer IS DISTINCT FROM '77' ORDER BY seq));
	return (join("\n", @answers), $log);
}

my $alone = server('alone', 'contact_guard');
my ($answers, $log) = play($alone);
like($answers, qr/0600000007/, 'without them something is shown');
like($answers, qr/06\*{7}2/, 'and something masked');
like($log, qr/^shown\|anna\|.*^lookup\|dispatcher\|/ms, 'and recorded');
$alone->stop;

foreach my $order (qw(before after))
{
	my $node = server($order, $order eq 'before' ? (@libraries, 'contact_guard') : ('contact_guard', reverse @libraries));
	# At the next full minute, once.
	if ($there{pg_cron} && $order eq 'before')
	{
		# Every minute; what it read is asked for at the end.
		$node->safe_psql('crm', q(CREATE EXTENSION pg_cron; GRANT USAGE ON SCHEMA cron TO anna));
		as($node, 'crm', 'anna', q(SELECT cron.schedule('read', '* * * * *',
			$$DO 'BEGIN ASSERT crm.one(77) = ''06*******7''; END'$$)));
		as($node, 'crm', 'postgres', q(SELECT cron.schedule('vacuum', '* * * * *', 'VACUUM crm.customer')));
	}
	my ($their_answers, $their_log) = play($node);
	is($their_answers, $answers, "@libraries $order us: everybody is told the same");
	is($their_log, $log, '... and the same is recorded');

	my $server = slurp_file($node->logfile);
	if ($there{pgaudit})
	{
		like($server, qr/AUDIT: SESSION,\d+,\d+,READ,SELECT,TABLE,crm\.customer,"?SELECT id, phone/, 'pgaudit writes its lines');
	}
	if ($there{auto_explain})
	{
		like($server, qr/duration: [\d.]+ ms  plan:\s+Query Text: SELECT id, phone FROM crm\.customer/, 'auto_explain logs plans');
		like($server, qr/Query Text: \(?SELECT phone FROM crm\.customer WHERE id = \$1/, '... and nested ones');
	}
	if ($there{pg_stat_statements})
	{
		$node->safe_psql('crm', 'CREATE EXTENSION pg_stat_statements');
		like($node->safe_psql('crm', 'SELECT query FROM pg_stat_statements WHERE calls > 0 AND rows > 0'),
			qr/SELECT id, phone FROM crm\.customer WHERE id IN \(\$1(?:, \$2| \/\*, \.\.\. \*\/)\)/, 'pg_stat_statements counts under the query as written');
	}
	set_user_switches($node) if $there{set_user};
	cron_ran($node) if $there{pg_cron} && $order eq 'before';
	is(as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 33'), mask_of(33), 'the server is alive, and masks');
	unlike(slurp_file($node->logfile), qr/terminated by signal|PANIC|TRAP/, 'it never crashed');
	$node->stop;
}

# set_user() makes another role the session's, as SET ROLE does: the actor follows.
sub set_user_switches
{
	my ($node) = @_;
	$node->safe_psql('crm', 'CREATE EXTENSION set_user; GRANT EXECUTE ON FUNCTION set_user(text) TO anna');
	my $session = session($node, 'crm', 'anna');
	is($session->query('SELECT phone FROM crm.customer WHERE id = 55'), mask_of(55), 'set_user: anna sees a mask');
	$session->query(q(SELECT set_user('dispatcher')));
	is($session->query('SELECT phone FROM crm.customer WHERE id = 55'), phone_of(55), '... as dispatcher the value');
	is($session->query('SELECT contact_guard.current_actor()'), 'dispatcher', '... who is the actor');
	$session->query('SELECT reset_user()');
	is($session->query('SELECT phone FROM crm.customer WHERE id = 55'), mask_of(55), '... and after reset_user() a mask again');
	$session->quit;
	is(log_rows($node, 'crm', q(customer = '55' AND event = 'shown' AND actor = 'dispatcher' AND login = 'anna')), 1,
		'... recorded of dispatcher, with the login');
	return;
}

# A technician's job reads as he does.
sub cron_ran
{
	my ($node) = @_;
	foreach (1 .. 900)
	{
		last if $node->safe_psql('crm', q(SELECT count(DISTINCT jobid) = 2 FROM cron.job_run_details
			WHERE status IN ('succeeded', 'failed'))) eq 't';
		usleep(100_000);
	}
	is($node->safe_psql('crm', q(SELECT DISTINCT status FROM cron.job_run_details WHERE status IN ('succeeded', 'failed'))),
		'succeeded', "pg_cron runs its jobs, and a technician's sees masks");
	cmp_ok(log_rows($node, 'crm', q(customer = '77' AND event = 'withheld' AND actor = 'anna')), '>=', 1, '... and is recorded');
	return;
}

done_testing();
