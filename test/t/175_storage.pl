# What a record takes on disk, and what records have in common (src/log/logcommon.c)

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";

use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

# Many, since PostgreSQL 16 and later give a table up to 64 pages at once.
my ($customers, $times, $points) = (20_000, 5, 32_000);
my $bulk = $customers * $times;
my $node = guard_node('storage', 'autovacuum = off', 'contact_guard.min_retention = 0');
make_roles($node);
make_crm($node, 'crm', $customers);
$node->safe_psql('crm', 'CREATE ROLE officer LOGIN IN ROLE contact_guard_admin');
my $dir = PostgreSQL::Test::Utils::tempdir;

# Bytes of the tables that grow with the records, their indexes and the tree
sub bytes
{
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	return $node->safe_psql('crm', q(SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class c WHERE c.relnamespace = 'contact_guard'::regnamespace
		AND c.relkind = 'r' AND c.relname ~ '^(log|query_text|journal_session|tile)'));
}

sub ask { return $node->safe_psql('crm', shift) }

# The records whose leaf is not the one in the tree: each that is not one of many, and each 500th of these
sub wrong_leaves
{
	return ask(q(SELECT count(*) FROM contact_guard.log WHERE (seq % 500 = 0 OR actor IS DISTINCT FROM 'dispatcher') AND sha256('\x00'::bytea || contact_guard.leaf(seq))
		IS DISTINCT FROM substr(contact_guard.tile(0, seq / 256), (seq % 256)::int * 32 + 1, 32)));
}

# How many batches the recorder makes of them must not depend on time, so it has to wait.
sub grown
{
	my ($reads) = @_;
	my $before = bytes();
	my $locker = lock_log($node, 'crm');
	$reads->();
	$locker->query('COMMIT');
	$locker->quit;
	return bytes() - $before;
}

# The goals: docs/performance.md.  The point reads come first: later they would split the pages that the bulk has filled.
append_to_file("$dir/point.sql", "\\set id random(1, $customers)\nSELECT phone FROM crm.customer WHERE id = :id;\n");
my $eighth = $points / 8;
my $took = grown(sub
{
	$node->command_ok([ 'pgbench', '-n', '-M', 'prepared', '-c', 8, '-t', $eighth, '-f', "$dir/point.sql", '-U', 'dispatcher', '-h', $node->host, '-p', $node->port, 'crm' ],
		"$points customers are read one by one");
});
is(log_rows($node, 'crm', "event = 'shown'"), $points, '... each is a record');
cmp_ok($took / $points, '<=', 330, '... of 330 bytes at most');
note sprintf('%.0f bytes', $took / $points);
$took = grown(sub { $node->safe_psql('crm', 'SELECT id, phone FROM crm.customer;' x $times, extra_params => [ '-U', 'dispatcher' ]) });
is(log_rows($node, 'crm', "event = 'shown'"), $points + $bulk, "$customers customers are read in bulk, $times times");
cmp_ok($took / $bulk, '<=', 250, '... a record takes 250 bytes at most');
note sprintf('%.0f bytes', $took / $bulk);

# What they have in common stands in one row
my $shared = q(l.login IS NULL AND l.relation IS NULL AND l.columns IS NULL AND l.count IS NULL AND l.purpose IS NULL AND l.reason IS NULL AND l.common IS NOT NULL);
is(ask("SELECT bool_and($shared), count(DISTINCT common) FROM contact_guard.log l WHERE event = 'shown'"), 't|1', 'they share one row of log_common');
my $values = q(login, relation, columns, count, purpose, reason);
my $shown = 'dispatcher|crm.customer|{phone}|1|planning|by role dispatcher';
is(ask("SELECT DISTINCT $values FROM contact_guard.$_ WHERE event = 'shown'"), $shown, "$_ shows its values") foreach qw(access_log whole_log evidence_row);
is(ask("SELECT count(*) FROM contact_guard.reads_by('dispatcher') WHERE relation = 'crm.customer' AND purpose = 'planning'"), $points + $bulk, 'so do the questions');
is(ask('SELECT relation, purpose FROM contact_guard.who_read(\'20000\') LIMIT 1'), 'crm.customer|planning', '... of auditors');
is(wrong_leaves(), 0, 'the leaves have the values');

# Other values, another row: those of a technician, of masks, of a role that somebody has taken
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id IN (1, 2)');
as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 3');
as($node, 'crm', 'postgres', 'SET ROLE anna; SELECT phone FROM crm.customer WHERE id = 4');
is(log_rows($node, 'crm', "actor IN ('anna', 'eve') AND customer IS NOT NULL"), 4, 'further reads');
is(ask(q(SELECT string_agg(concat_ws('|', customer, actor, login, event, purpose, reason), ' ' ORDER BY seq) FROM contact_guard.access_log WHERE actor IN ('anna', 'eve') AND customer IS NOT NULL)),
	'1|anna|anna|shown|intervention 2|anna|anna|shown|intervention 3|eve|eve|withheld|no window 4|anna|postgres|shown|intervention', '... show what they were');
is(ask(q(SELECT count(DISTINCT common), count(*) FILTER (WHERE login IS NOT NULL) FROM contact_guard.log WHERE actor IN ('anna', 'eve') AND customer IS NOT NULL)), '3|1',
	'... and share what is the same');

# COPY of restored_log, which is how a dump takes the log, has the values
my ($copied) = as($node, 'crm', 'postgres', 'COPY contact_guard.restored_log (customer, actor, login, relation, columns, count, purpose) TO STDOUT');
like($copied, qr/^4\tanna\tpostgres\tcrm\.customer\t\{phone\}\t1\tintervention$/m, 'a dump has the values');
like($copied, qr/^1\tanna\tanna\tcrm\.customer\t\{phone\}\t1\tintervention$/m, '... also the login that was the actor');

# An erasure leaves nothing from which the login could be told
my $kept = ask("SELECT relation, columns, count, purpose FROM contact_guard.access_log WHERE customer = '2' AND actor = 'anna'");
as($node, 'crm', 'officer', "SELECT contact_guard.erase_customer('1', 'asked for'), contact_guard.erase_actor('anna', 'left')");
is(ask("SELECT relation, columns, count, purpose FROM contact_guard.log WHERE customer = '2' AND actor IS NULL"), $kept, 'a record without its actor has the other values itself');
is(ask("SELECT count(*), count(common), count(login), count(actor_salt), count(actor_commitment) FROM contact_guard.log WHERE actor IS NULL AND purpose = 'intervention'"), '3|0|0|0|3',
	'... and does not say whether he had logged in under his name');
is(ask("SELECT count(*) FROM contact_guard.whole_log WHERE 'anna' IN (actor, login) AND event <> 'erasure'"), 0, '... anywhere');
is(wrong_leaves(), 0, 'the leaves are the same');

# Old months, which only a server without the library lets one make.  Their rows go with the last record.
sub restarted
{
	my ($library) = @_;
	$node->adjust_conf('postgresql.conf', 'shared_preload_libraries', "'$library'");
	$node->restart;
}
ask('SELECT contact_guard.sync()');
restarted('');
$node->safe_psql('crm', q(
	CREATE TABLE contact_guard.log_2020_03 (LIKE contact_guard.log INCLUDING ALL);
	INSERT INTO contact_guard.log_common SELECT 9000 + i, '2020-03-01 00:00+00', 'crm.customer', '{phone}', 1, 'purpose ' || i, 'by role x', true FROM generate_series(1, 3) i;
	INSERT INTO contact_guard.log_2020_03 (seq, read_at, event, actor, customer, common)
		SELECT -i, '2020-03-05', 'shown', 'somebody', 1000 + i, 9000 + i FROM generate_series(1, 3) i;
	ALTER TABLE contact_guard.log ATTACH PARTITION contact_guard.log_2020_03 FOR VALUES FROM ('2020-03-01 00:00+00') TO ('2020-04-01 00:00+00');
	ALTER EXTENSION contact_guard ADD TABLE contact_guard.log_2020_03;));
restarted('contact_guard');
is(log_rows($node, 'crm', "read_at < '2021-01-01' AND login = 'somebody' AND purpose ~ '^purpose [123]\$'"), 3, 'records of an old month');
my $now = ask("SELECT count(*) FROM contact_guard.log_common WHERE month > '2021-01-01'");
as($node, 'crm', 'officer', "SELECT contact_guard.hold('1002', 'suit'); SELECT contact_guard.purge('2020-06-01', 'old')");
is(ask(q(SELECT string_agg(purpose, ' ') FROM contact_guard.log_common WHERE month < '2021-01-01')), 'purpose 2', 'a purge leaves what a held record needs, and nothing else of that month');
is(ask(q(SELECT purpose, login FROM contact_guard.access_log WHERE seq = -2)), 'purpose 2|somebody', '... which is as it was');
is(ask("SELECT count(*) FROM contact_guard.log_common WHERE month > '2021-01-01'"), $now, 'later months have all theirs');
as($node, 'crm', 'officer', "SELECT contact_guard.release_hold('1002', 'over'); SELECT contact_guard.purge('2020-06-01', 'old')");
is(ask(q(SELECT count(*) FROM contact_guard.log_common WHERE month < '2021-01-01')), 0, '... and the last goes with its record');
as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 5');
is(log_rows($node, 'crm', "actor = 'eve' AND customer = '5' AND relation = 'crm.customer'"), 1, 'the recorder goes on');
is(ask("SELECT count(*) FROM contact_guard.log_common WHERE month > '2021-01-01'"), $now, '... and finds what is stored');

# There cannot be many rows of a month: then a record stands for itself.
restarted('');
$node->safe_psql('crm', q(INSERT INTO contact_guard.log_common SELECT 20000 + i, date_trunc('month', now(), 'UTC'), 'x', '{x}', 1, NULL, i, true FROM generate_series(1, 1000) i));
restarted('contact_guard');
$node->safe_psql('crm', "SELECT contact_guard.allow('eve', 'a new purpose')");
as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id IN (6, 7)');
as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 8');
is(log_rows($node, 'crm', "actor = 'eve' AND customer IN ('6', '7') AND purpose = 'a new purpose' AND login = 'eve'"), 2, 'where a month has many rows, further records');
is(ask(q(SELECT string_agg(concat_ws('|', customer, login, common IS NULL), ' ' ORDER BY seq) FROM contact_guard.log WHERE event = 'shown' AND customer IN ('6', '7') AND actor = 'eve')),
	'6|eve|t 7|eve|t', '... have all values themselves');
is(ask(q(SELECT count(*) FROM contact_guard.log WHERE event = 'shown' AND actor = 'dispatcher' AND common IS NULL)), 0, '... others use what is there');

# Who changes the row changes the leaves of all records that have its number
is(wrong_leaves(), 0, 'the leaves are right');
is(state_of((as($node, 'crm', 'postgres', "UPDATE contact_guard.log_common SET purpose = 'care'"))[1]), '42501', 'nobody may change the row');
my $change = sub
{
	restarted('');
	$node->safe_psql('crm', "UPDATE contact_guard.log_common SET purpose = '$_[0]' WHERE purpose = '$_[1]'");
	restarted('contact_guard');
	return wrong_leaves();
};
cmp_ok($change->('care', 'planning'), '>', $bulk / 501, '... and with one that was changed no leaf is right');
is($change->('planning', 'care'), 0, '... until it is what it was');
$node->stop;

done_testing();
