# The auditor's questions on a real server, whose superuser has replaced functions, views and
# rows while the library was not loaded: contact-guard answers from rows that are proved, and
# says where SQL answers something else.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use IPC::Run;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $dir = PostgreSQL::Test::Utils::tempdir;
my ($vkey, $status, $said);

sub guard
{
	IPC::Run::run([ 'contact-guard', @_ ], '<', \undef, '>&', \$said);
	$status = $? >> 8;
	return $status;
}
is(guard('keygen', '--origin', 'example.org/log', '--out', "$dir/key"), 0, 'keygen') or BAIL_OUT($said);
chomp($vkey = $said);
my $node = guard_node('replaced', {}, "contact_guard.signing_key_file = '$dir/key'", 'contact_guard.checkpoint_interval = 1', 'contact_guard.min_retention = 0');
make_roles($node);
make_crm($node, 'crm', 300);
$node->safe_psql('crm', 'CREATE ROLE verifier LOGIN IN ROLE contact_guard_auditor');
my $dsn = $node->connstr('crm') . " user=verifier options='-c timezone=Asia/Tokyo -c datestyle=german -c intervalstyle=iso_8601'";

sub sql { return $node->safe_psql('crm', shift) }
sub asked { return guard(@_, $dsn, '--vkey', $vkey) }
sub table { return ($said =~ /^(?:seq|actor)\t.*?\n(.*?)\n\d+ rows? from records/ms) ? $1 : '' }

sub signed
{
	my ($size) = sql('SELECT contact_guard.sync(); SELECT log_size FROM contact_guard.status()') =~ /(\d+)/;
	foreach (1 .. 600)
	{
		return 1 if sql('SELECT coalesce(last_checkpoint, 0) FROM contact_guard.status()') >= $size;
		usleep(50_000);
	}
	return 0;
}

sub unwatched
{
	my ($sql) = @_;
	$node->append_conf('postgresql.conf', "shared_preload_libraries = ''");
	$node->restart;
	my $answer = sql($sql);
	$node->append_conf('postgresql.conf', "shared_preload_libraries = 'contact_guard'");
	$node->restart;
	return $answer;
}

as($node, 'crm', 'anna', "SELECT phone FROM crm.customer WHERE id = $_") foreach 1, 2, 250;
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer');
as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 1');
as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer WHERE id = 3');
sql('COPY crm.customer TO PROGRAM \'cat >/dev/null\'');
# Closed by a change of state
sql("UPDATE crm.intervention SET status = 'done' WHERE id = 1");
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 1');
# More statements than the stream of rows keeps at a time (src/evidence/sent.c)
as($node, 'crm', 'dispatcher', join ';', map { "SELECT phone AS number_$_ FROM crm.customer WHERE id = 4" } 1 .. 1100);
ok(signed(), 'a checkpoint is signed');

is(asked('who-read', '--customer', 1), 0, 'who-read') or diag($said);
like(table(), qr/\tanna\tanna\trole\tshown\tcrm\.customer\t\{phone\}\t1\tintervention\t/, '... anna, during the visit');
like(table(), qr/\tdispatcher\tdispatcher\trole\tshown\t/, '... the dispatcher');
like(table(), qr/\tpostgres\tpostgres\trole\tbulk\t/, '... and whoever reads everybody');
unlike(table(), qr/\teve\t/, '... and nobody else');
is(asked('reads-by', '--actor', 'eve'), 0, 'reads-by') or diag($said);
like(table(), qr/\t3\twithheld\t/, '... has what was withheld');
is(asked('withheld'), 0, 'withheld') or diag($said);
like(table(), qr/^anna\t/m, '... has who tried');
is(asked('after-close'), 0, 'after-close') or diag($said);
like(table(), qr/\tanna\t1\tcrm\.customer\t\{phone\}\t1\t/, '... has the read after the visit');

# Erased values and purged months are in no answer, and are no evidence.
sql("SELECT contact_guard.erase_customer('250', 'asked for')");
ok(signed(), 'an erasure is signed');
is(asked('who-read', '--customer', 250), 0, 'an erased customer') or diag($said);
unlike(table(), qr/\tshown\t/, '... was read by nobody');
like($said, qr/, \d+ with personal values erased;/, '... which is said');
is(asked('withheld'), 0, 'who tried, without his name') or diag($said);

# What a superuser replaces
my %replaced = ('who_read(text,timestamptz,timestamptz)' => 'who-read', 'reads_by(text,timestamptz,timestamptz)' => 'reads-by',
	'withheld_attempts(timestamptz,timestamptz)' => 'withheld', 'reads_after_close(timestamptz,timestamptz)' => 'after-close');
my %arguments = ('who-read' => [ '--customer', 1 ], 'reads-by' => [ '--actor', 'anna' ]);
foreach my $signature (sort keys %replaced)
{
	my $command = $replaced{$signature};
	my ($function) = $signature =~ /^(\w+)/;
	my @question = ($command, @{ $arguments{$command} // [] });
	asked(@question);
	my $answer = table();
	my $honest = unwatched("SELECT pg_get_functiondef('contact_guard.$signature'::regprocedure)");
	my $lying = $honest =~ s/contact_guard\.(access_log|whole_log) ([lw])\b/(SELECT * FROM contact_guard.$1 WHERE actor <> 'anna') $2/gr;
	isnt($lying, $honest, "$function() hides what anna did: staged");
	unwatched($lying);
	is(asked(@question), 1, "... $command notices") or diag($said);
	like($said, qr/^the server's $function\(\) does not answer what the rows of the log make:\n    \| \S/m, '... and says what is hidden') or diag($said);
	is(table(), $answer, '... which is in its answer');
	unwatched($honest);
	is(asked(@question), 0, '... until it is as it was') or diag($said);
}
my $view = unwatched(q(SELECT pg_get_viewdef('contact_guard.access_log'))) =~ s/;$//r;
unwatched("CREATE OR REPLACE VIEW contact_guard.access_log AS SELECT * FROM ($view) v WHERE actor <> 'anna'");
is(asked('who-read', '--customer', 1), 1, 'a view that hides rows: who-read notices') or diag($said);
like(table(), qr/\tanna\t/, '... and shows them');
is(asked('verify'), 1, '... and so does plain verify') or diag($said);
like($said, qr/^view contact_guard\.access_log is not as contact_guard \S+ defines it$/m, '... and says so');
is(asked('verify', '--views'), 1, '... and with --views') or diag($said);
like($said, qr/^view contact_guard\.access_log does not show what the log has from seq 0 to \d+: (\d+) rows, and not the (?!\1)\d+ of the log$/m, '... and says so');
unwatched("CREATE OR REPLACE VIEW contact_guard.access_log AS $view");
is(asked('who-read', '--customer', 1), 0, '... until it is as it was') or diag($said);
is(asked('verify', '--views'), 0, '... nor does --views') or diag($said);
$view = unwatched(q(SELECT pg_get_viewdef('contact_guard.whole_log'))) =~ s/;$//r;
unwatched("CREATE OR REPLACE VIEW contact_guard.whole_log AS SELECT seq, read_at, event, CASE WHEN actor = 'anna' THEN 'eve' ELSE actor END AS actor, login, relation, columns, customer, count, intervention, closed_at, purpose,
	reason, client, application, session, statement, query_id, customer_salt, actor_salt, customer_commitment, actor_commitment, origin, leaf_version, identity, technician, opens_at, closes_at, previous_opens_at,
	previous_closes_at, execution_salt FROM ($view) v");
is(asked('verify', '--views'), 1, 'a view that names somebody else: --views notices') or diag($said);
is(asked('after-close'), 1, '... and after-close, which reads it') or diag($said);
unwatched("CREATE OR REPLACE VIEW contact_guard.whole_log AS $view");
is(asked('verify', '--views'), 0, '... until it is as it was') or diag($said);

# What plain verify notices by the catalogs alone
my $undo = '';
foreach my $case (
	[ 'a function that a call with one argument finds before ours', q(CREATE FUNCTION contact_guard.who_read(customer text) RETURNS SETOF contact_guard.access_log LANGUAGE sql AS 'SELECT * FROM contact_guard.access_log WHERE false'),
		'DROP FUNCTION contact_guard.who_read(text)', qr/^function contact_guard\.who_read\(text\) is in the extension's schema, but not one of its own$/m ],
	[ 'a function whose setting is another one', q(ALTER FUNCTION contact_guard.who_read(text, timestamptz, timestamptz) SET search_path = public),
		q(ALTER FUNCTION contact_guard.who_read(text, timestamptz, timestamptz) SET search_path = pg_catalog, pg_temp), qr/^function contact_guard\.who_read\(text,timestamp with time zone,timestamp with time zone\) is not as / ],
	[ 'row security, which hides rows from auditors', 'ALTER TABLE contact_guard.log ENABLE ROW LEVEL SECURITY', 'ALTER TABLE contact_guard.log DISABLE ROW LEVEL SECURITY', qr/^table contact_guard\.log is not as /m ],
	[ 'another table under the name of one of ours', 'ALTER TABLE contact_guard.restored_log RENAME TO kept; CREATE TABLE contact_guard.restored_log (LIKE contact_guard.kept)',
		'DROP TABLE contact_guard.restored_log; ALTER TABLE contact_guard.kept RENAME TO restored_log', qr/table "contact_guard\.restored_log" is not the one that this version of contact_guard uses/, 2 ],
	[ 'a view with another option', 'ALTER VIEW contact_guard.access_log SET (security_barrier)', 'ALTER VIEW contact_guard.access_log RESET (security_barrier)', qr/^view contact_guard\.access_log is not as /m ])
{
	my ($name, $do, $back, $says, $exit) = @$case;
	unwatched("$undo; $do");
	is(asked('verify'), $exit // 1, "$name: verify notices") or diag($said);
	like($said, $says, '... and says so');
	$undo = $back;
}
unwatched($undo);
is(asked('verify'), 0, '... until all is as it was') or diag($said);
# As pg_upgrade makes them again
unwatched(q(SET search_path = '';
	DO $$ DECLARE text text; BEGIN
		FOR text IN SELECT pg_get_functiondef(p.oid) FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang WHERE p.pronamespace = 'contact_guard'::regnamespace AND l.lanname = 'sql'
			UNION ALL SELECT 'CREATE OR REPLACE VIEW ' || oid::regclass || ' AS ' || pg_get_viewdef(oid) FROM pg_class WHERE relnamespace = 'contact_guard'::regnamespace AND relkind = 'v'
		LOOP EXECUTE text; END LOOP;
	END $$;));
is(asked('verify'), 0, '... or is made again from its text, as pg_upgrade does') or diag($said);

# Rows behind the checkpoint are left out, and that is said.  Their hashes are in the tree.
sql("ALTER SYSTEM SET contact_guard.checkpoint_interval = 600; SELECT pg_reload_conf()");
as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer WHERE id = 2');
sql('SELECT contact_guard.sync()');
is(asked('who-read', '--customer', 2), 0, 'a row that is not signed') or diag($said);
like($said, qr/^\d+ later rows? (?:is|are) not signed yet/m, '... is told of');
unlike(table(), qr/\tdispatcher\t/, '... and is not in the answer');
unwatched("UPDATE contact_guard.log SET actor = 'nobody' WHERE seq = (SELECT max(seq) FROM contact_guard.log WHERE actor = 'dispatcher' AND customer = '2')");
sql("ALTER SYSTEM RESET contact_guard.checkpoint_interval; SELECT pg_reload_conf()");
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 2');
ok(signed(), 'a row that was not signed is changed; then the tree is signed');
is(asked('who-read', '--customer', 2), 1, '... which has had its hash since it was logged') or diag($said);
unlike(table(), qr/\tnobody\t/, '... and it is in no answer');

# The server ignores SIGHUP in a worker until the worker asks for it.  A recorder that was
# forked just before a reload must not keep the old settings.
sql("ALTER SYSTEM SET contact_guard.checkpoint_interval = 600; SELECT pg_reload_conf()");
sql('ALTER SYSTEM RESET contact_guard.checkpoint_interval');
sql("SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder'");
as($node, 'crm', 'anna', 'SELECT phone FROM crm.customer WHERE id = 2');
ok(signed(), 'a recorder that begins has the configuration of now');
$node->stop;
done_testing();
