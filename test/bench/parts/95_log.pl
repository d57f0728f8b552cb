# The log when it is large: BENCH_LOG_ROWS records (2000000; the promise is about
# 50000000) in twelve months, made up and put into it while no library is loaded.
#
# Of 100 records 70 are shown, 24 withheld, 3 look-ups, the others of the remaining kinds;
# 200 technicians, 200,000 customers.  What the records of a month have in common stands in
# log_common, as the recorder writes it.  Their seq are negative, so that the tree, which has
# no leaves of them, begins where they end.

package Bench::Part::log;

use strict;
use warnings;

use Bench;
use Bench::Cluster;
use IPC::Run ();
use Time::HiRes qw(sleep time);

my $rows = option('LOG_ROWS', 2_000_000);
my $day = "date_trunc('day', now()) - interval '10 days'";
my $month = "date_trunc('month', now()) - interval '2 months'";
my %span = (day => "$day, $day + interval '1 day'", month => "$month, $month + interval '1 month'");

# Name, what is asked, and the most milliseconds
my @questions = (
	[ 'who_read', q(SELECT * FROM contact_guard.who_read('4711')), 50 ],
	[ 'reads_by-day', "SELECT * FROM contact_guard.reads_by('technician7', $span{day})", 50 ],
	[ 'reads_by-year', q(SELECT count(*) FROM contact_guard.reads_by('technician7'))],
	(map { my $function = $_; map { [ "$function-$_", "SELECT * FROM contact_guard.$function($span{$_})", $_ eq 'day' ? 200 : 2000 ] } qw(day month) }
		qw(withheld_attempts reads_after_close refused_attempts)),
	[ 'newest', 'SELECT * FROM contact_guard.access_log ORDER BY seq DESC LIMIT 10', 10 ],
	[ 'status', 'SELECT * FROM contact_guard.status()', 10 ],
	[ 'sync', 'SELECT contact_guard.sync()', 10 ]);
foreach my $question (@questions)
{
	my ($name, undef, $most) = @$question;
	goal(name => "log/$name", text => "ms of $name in a log of $rows records", sense => 'at most', goal => $most, of => ["log/$name"]) if $most;
}
goal(name => 'log/purge-lock', text => 's that a purge of one month keeps an auditor or the recorder waiting', sense => 'at most', goal => 1,
	of => ['log/purge-lock']);
goal(name => 'log/shown', text => "shown, beside a log of $rows records by an empty one, CPU time", sense => 'at most', goal => 1.15,
	of => [ 'log/shown-full/cpu', 'log/shown-empty/cpu' ]);

# What a column of the log holds in record i, which was read at the time at
my %columns = (
	seq => 'i - :total', read_at => 'at', event => 'event', actor => "CASE WHEN event NOT IN ('heartbeat') THEN 'technician' || i % 200 END",
	login => "CASE WHEN common IS NULL THEN 'technician' || i % 200 END", relation => "CASE WHEN event = 'bulk' THEN 'crm.customer' END",
	columns => "CASE WHEN event = 'bulk' THEN '{phone}'::text[] END", common => 'common',
	customer => 'CASE WHEN common IS NOT NULL THEN ((i * 7919) % 200000 + 1)::text END', count => "CASE WHEN event = 'bulk' THEN 200000 WHEN common IS NULL THEN 1 END",
	intervention => "CASE WHEN event = 'shown' OR i % 4 = 0 AND common IS NOT NULL THEN ((i * 31) % 3000000)::text END",
	closed_at => "CASE WHEN event = 'withheld' AND i % 4 = 0 THEN at - interval '3 hours' END",
	purpose => "CASE WHEN event = 'bulk' THEN 'planning' END", reason => "CASE WHEN common IS NULL AND event <> 'bulk' THEN 'a reason in words' END",
	client => "'10.0.' || i % 7 || '.' || i % 250", application => "'crm'", session => "to_hex(1700000000 + i / 500) || '.' || to_hex(i % 30000)", statement => '(i / 3) % 400',
	query_id => "NULL::bigint", actor_salt => "decode(md5(i::text), 'hex')", leaf_version => '2');

my $source = <<'E2';
	FROM generate_series(:first, :last) i,
	     LATERAL (SELECT :begin::timestamptz + (:end::timestamptz - :begin::timestamptz) * ((i - :first)::float / (:last - :first + 1)) AS at,
	              CASE WHEN i % 100 < 70 THEN 'shown' WHEN i % 100 < 94 THEN 'withheld' WHEN i % 100 < 97 THEN 'lookup'
	                   WHEN i % 1000 < 990 THEN 'heartbeat' WHEN i % 1000 < 996 THEN 'audit_read' WHEN i % 1000 < 999 THEN 'refused'
	                   WHEN i % 100000 = 99999 THEN 'bulk' ELSE 'policy' END AS event) one,
	     LATERAL (SELECT CASE event WHEN 'shown' THEN :common WHEN 'withheld' THEN :common + 1 WHEN 'lookup' THEN :common + 2 END AS common) two
E2

# A month's partition is filled before it joins the log, which makes its indexes.
sub fill_month
{
	my ($cluster, $back, $first, $last) = @_;
	my ($name, $begin, $end) = split /\|/, $cluster->sql('postgres', "SELECT to_char(m, '\"log_\"YYYY_MM'), m, CASE WHEN $back = 0 THEN now() ELSE m + interval '1 month' END
		FROM (SELECT date_trunc('month', now(), 'UTC') - interval '$back months' AS m) m");
	my %there = map { $_ => 1 } split /\n/, $cluster->sql('postgres',
		"SELECT attname FROM pg_attribute WHERE attrelid = 'contact_guard.log'::regclass AND attnum > 0 AND NOT attisdropped");
	my @names = grep { $there{$_} } sort keys %columns;
	# Numbers that the recorder, which counts from the highest one, does not have
	my $common = $cluster->sql('postgres', 'SELECT coalesce(max(number), 0) + 1 FROM contact_guard.log_common');
	$cluster->sql('postgres', "INSERT INTO contact_guard.log_common (number, month, relation, columns, count, purpose, reason, login_is_actor) VALUES
		($common, '$begin', 'crm.customer', '{phone}', 1, 'intervention', NULL, true), ($common + 1, '$begin', 'crm.customer', '{phone}', 1, NULL, 'no open window', true),
		($common + 2, '$begin', 'crm.customer', '{phone}', 1, 'planning', NULL, true)");
	my $values = join ', ', map { $columns{$_} } @names;
	my $into = $back ? 'contact_guard.' . $name : 'contact_guard.log';
	$cluster->sql('postgres', "CREATE TABLE $into (LIKE contact_guard.log INCLUDING DEFAULTS INCLUDING STORAGE)") if $back;
	my $text = "INSERT INTO $into (" . join(', ', @names) . ") SELECT $values $source";
	my %put = (total => $rows, first => $first, last => $last, begin => "'$begin'", end => "'$end'", common => $common);
	$text =~ s/(?<!:):(total|first|last|begin|end|common)\b/$put{$1}/g;
	$cluster->sql('postgres', $text);
	return if !$back;
	$cluster->sql('postgres',
		map({ "ALTER TABLE $into ADD $_" } split /\n/, $cluster->sql('postgres', q(SELECT format('CONSTRAINT %I %s', conname, pg_get_constraintdef(oid))
			FROM pg_constraint WHERE conrelid = 'contact_guard.log'::regclass AND contype = 'c'))),
		map({ "ALTER TABLE $into ALTER $_ SET STATISTICS 0" } split /\n/, $cluster->sql('postgres',
			q(SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = 'contact_guard.log'::regclass AND attstattarget = 0 AND attnum > 0))),
		"ALTER TABLE contact_guard.log ATTACH PARTITION $into FOR VALUES FROM ('$begin') TO ('$end')",
		"ALTER EXTENSION contact_guard ADD TABLE $into");
}

sub fill
{
	my ($cluster) = @_;
	$cluster->stop;
	$cluster->start('-c shared_preload_libraries=', '-c maintenance_work_mem=1GB');
	foreach my $n (0 .. 11)
	{
		fill_month($cluster, 11 - $n, int($rows * $n / 12), int($rows * ($n + 1) / 12) - 1);
	}
	$cluster->stop;
	$cluster->start;
	$cluster->sql('postgres', 'SET maintenance_work_mem = 1000000', 'VACUUM ANALYZE contact_guard.log', 'CHECKPOINT');
}

sub shown
{
	my ($cluster, $name) = @_;
	foreach my $turn (1 .. option('TURNS', 3))
	{
		my ($rate, $done);
		figure($name, 'a second', $cluster->spend($name, sub { $done }, sub
		{
			($rate, $done) = $cluster->rate(user => 'anna', clients => 8, script => "\\set id random(1, 10)\nSELECT phone FROM crm.customer WHERE id = :id;");
			return $rate;
		}));
	}
}

# Asks again and again while a month is purged; the longest wait of either
sub purge
{
	my ($cluster) = @_;
	my $month = "date_trunc('month', now(), 'UTC') - interval '10 months'";
	my ($in, $output) = ('', '');
	my $begin = time;
	my $purge = IPC::Run::start([ as_postgres('psql', '-XAtq', '-v', 'ON_ERROR_STOP=1', $cluster->connection('postgres'), '-d', 'postgres',
		'-c', "SELECT contact_guard.purge($month, 'bench')") ], '<', \undef, '>', \$output, '2>&1');
	my $longest = 0;
	while ($purge->pumpable)
	{
		my $before = time;
		$cluster->sql('anna', 'SELECT phone FROM crm.customer WHERE id = 1');
		$cluster->sql('verifier', 'SELECT seq FROM contact_guard.log WHERE read_at > now() - interval \'1 second\' LIMIT 1');
		$cluster->settle;
		$longest = time - $before if time - $before > $longest;
		$purge->pump_nb;
	}
	$purge->finish or die "test/bench/run: purge: $output";
	figure('log/purge', 's', time - $begin);
	figure('log/purge-lock', 's', $longest);
	note("the purge removed " . ($output =~ /(\d+)/ ? $1 : '?') . ' records');
}

sub run
{
	my ($wanted) = @_;
	my $cluster = cluster('log', Bench::Cluster::guarded(), "max_parallel_workers_per_gather = 2");
	$cluster->file($_, customers => 200_000) foreach qw(crm.sql guard.sql);
	$cluster->sql('postgres', 'VACUUM ANALYZE', 'CHECKPOINT');
	shown($cluster, 'log/shown-empty') if $wanted->{'log/shown-empty/cpu'};
	$cluster->timed('dispatcher', 'SELECT phone FROM crm.customer WHERE id = 4711');
	$cluster->settle;
	my $begin = time;
	fill($cluster);
	figure('log/fill', 's', time - $begin);
	figure('log/size', 'GB', $cluster->sql('postgres', q(SELECT sum(pg_total_relation_size(inhrelid)) / 1e9 FROM pg_inherits WHERE inhparent = 'contact_guard.log'::regclass)));
	shown($cluster, 'log/shown-full') if $wanted->{'log/shown-full/cpu'};
	foreach my $turn (1 .. option('TURNS', 3))
	{
		foreach my $question (grep { $wanted->{"log/$_->[0]"} } @questions)
		{
			figure("log/$question->[0]", 'ms', ($cluster->timed($question->[0] =~ /status|sync/ ? 'postgres' : 'verifier', $question->[1]))[0]);
		}
	}
	purge($cluster) if $wanted->{'log/purge-lock'};
	$cluster->stop;
}

return { name => 'a large log', run => \&run, variants => [ (map { "log/$_->[0]" } @questions), 'log/purge-lock',
	map { ("log/$_", "log/$_/cpu") } qw(shown-empty shown-full) ] };
