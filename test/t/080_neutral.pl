# Who touches no guarded table notices nothing: the same results, no record, no
# WAL, and (printed, not asserted) the same speed.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = guard_node('neutral');
make_roles($node);
make_crm($node, 'crm', 100);
my $bare = PostgreSQL::Test::Cluster->new('bare');
$bare->init;
$bare->append_conf('postgresql.conf', "wal_level = replica\nmax_wal_senders = 0\nshared_preload_libraries = ''\nlog_statement = none");
$bare->start;
$bare->safe_psql('postgres', 'CREATE DATABASE crm');

my $setup = q(
	CREATE SCHEMA work;
	CREATE TABLE work.t (id int PRIMARY KEY, grp int, word text);
	INSERT INTO work.t SELECT i, i % 7, md5(i::text) FROM generate_series(1, 5000) i;
	CREATE VIEW work.v AS SELECT grp, count(*) AS n FROM work.t GROUP BY grp;
	CREATE FUNCTION work.f(int) RETURNS SETOF work.t STABLE LANGUAGE sql AS 'SELECT * FROM work.t WHERE grp = $1';
	CREATE FUNCTION work.g(int) RETURNS text LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT word FROM work.t WHERE id = $1); END$$;
	ANALYZE work.t;
	GRANT ALL ON SCHEMA work TO PUBLIC; GRANT ALL ON ALL TABLES IN SCHEMA work TO PUBLIC;
);
$_->safe_psql('crm', $setup) foreach $node, $bare;
$bare->safe_psql('postgres', "CREATE ROLE anna LOGIN");

my @statements = (
	'SELECT * FROM work.v ORDER BY 1',
	'SELECT t, (t).word FROM work.t t WHERE id < 5 ORDER BY id',
	'SELECT count(*), max(word) FROM work.f(3)',
	'SELECT work.g(42)',
	'WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 10) SELECT sum(i) FROM r',
	'SELECT a.id, b.word FROM work.t a LEFT JOIN work.t b ON b.id = a.id + 1 WHERE a.grp = 2 ORDER BY a.id DESC LIMIT 5',
	'INSERT INTO work.t VALUES (6000, 1, \'new\') RETURNING *',
	'INSERT INTO work.t VALUES (6000, 1, \'x\') ON CONFLICT (id) DO UPDATE SET word = excluded.word || work.t.word RETURNING *',
	'MERGE INTO work.t USING (VALUES (6000), (6001)) s(i) ON id = i WHEN MATCHED THEN UPDATE SET grp = 5 WHEN NOT MATCHED THEN INSERT VALUES (i, 9, \'m\')',
	'UPDATE work.t SET word = upper(word) WHERE id = 6001 RETURNING t.*',
	'DELETE FROM work.t WHERE id >= 6000 RETURNING id',
	'INSERT INTO work.t VALUES (1, 1, \'twice\')',
	'SELECT 1 / 0',
	'SELECT no_such_column FROM work.t',
	'EXPLAIN (COSTS off) SELECT * FROM work.f(3) WHERE id = 3',
	'EXPLAIN (VERBOSE) SELECT t FROM work.t t WHERE id = 3',
	'COPY (SELECT * FROM work.t WHERE id < 4 ORDER BY id) TO STDOUT',
	'COPY work.v TO STDOUT',
	'BEGIN; DECLARE c CURSOR WITH HOLD FOR SELECT id FROM work.t ORDER BY id; FETCH 3 FROM c; COMMIT; FETCH 2 FROM c; CLOSE c',
	'PREPARE p(int) AS SELECT word FROM work.t WHERE id = $1; EXECUTE p(3); EXECUTE p(4); DEALLOCATE p',
	'CREATE TEMP TABLE x AS SELECT * FROM work.t WHERE id < 3; SELECT * FROM x ORDER BY 1',
);
my $size = sub { $node->safe_psql('crm', 'SELECT contact_guard.sync()');
	$node->safe_psql('crm', 'SELECT (log_size, journal_lsn, lag_bytes) FROM contact_guard.status()') };
my $before = $size->();
foreach my $statement (@statements)
{
	my ($guarded, $plain) = map { join "\n", as($_, 'crm', 'anna', $statement) } $node, $bare;
	is($guarded, $plain, "the same: $statement");
}
is($size->(), $before, 'nothing has been recorded, or written to the journal');

# A read-only session writes no WAL, nor waits for any
{
	my $anna = session($node, 'crm', 'anna');
	$node->poll_query_until('crm', "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder'");
	$anna->query('SELECT count(*) FROM crm.plain');
	$node->safe_psql('crm', 'VACUUM; CHECKPOINT');
	my $lsn = $node->safe_psql('crm', 'SELECT pg_current_wal_insert_lsn()');
	$anna->query("SELECT word FROM crm.plain WHERE id = $_") foreach 1 .. 100;
	$anna->query('SELECT id, name FROM crm.customer');
	is($node->safe_psql('crm', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'contact_guard recorder'"), 0,
		'other columns and tables call no recorder');
	cmp_ok($node->safe_psql('crm', "SELECT pg_current_wal_insert_lsn() - '$lsn'"), '<', 1000, 'and write no WAL');
	$anna->quit;
}

# Speed, side by side
foreach ($node, $bare)
{
	my ($out, $err);
	IPC::Run::run([ 'pgbench', '-i', '-q', '-s', 1, '-h', $_->host, '-p', $_->port, '-U', 'postgres', 'crm' ], '>', \$out, '2>', \$err)
	  or die $err;
}
my %tps = (guarded => [], bare => []);
foreach my $round (1 .. 3)
{
	foreach (['guarded', $node], ['bare', $bare])
	{
		my ($name, $server) = @$_;
		IPC::Run::run([ 'pgbench', '-n', '-S', '-M', 'simple', '-c', 1, '-T', 2, '-h', $server->host, '-p', $server->port, '-U', 'postgres', 'crm' ],
			'>', \my $out, '2>', \my $err);
		push @{ $tps{$name} }, $out =~ /tps = ([\d.]+)/ ? $1 : 0;
	}
}
my %best = map { my ($most) = sort { $b <=> $a } @{ $tps{$_} }; ($_ => $most) } keys %tps;
diag(sprintf 'pgbench -S: %.0f tps with the library, %.0f without: %.3f',
	$best{guarded}, $best{bare}, $best{guarded} / ($best{bare} || 1));
cmp_ok($best{guarded}, '>', 0, 'pgbench runs');
$_->stop foreach $node, $bare;
done_testing();
