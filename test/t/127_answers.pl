# What contact-guard verify reports besides findings, and the answers that it gives itself:
# against a server whose answers are this test's choice.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/lib";
use Mock;
use PostgreSQL::Test::Utils;
use Test::More;

my $mock = Mock->new('answers', 'example.com/log');
my ($dsn, @vkey) = ($mock->dsn, '--vkey', $mock->vkey);
my ($status, $said);

sub guard { ($status, $said) = guard_says(@_); return $status }

# What is signed, and how old it is
$mock->publish(0, 9);
is(guard('verify', $dsn, @vkey), 0, 'a good log') or diag($said);
like($said, qr/^the newest signed row is of 2026-01-02 03:04:14 UTC, \d+ s ago$/m, '... says how old its newest row is');
like($said, qr/^the longest silence: 1 s, until 2026-01-02 03:04:06 UTC, seq 1$/m, '... how long it was silent');
unlike($said, qr/not signed yet|without contact_guard/, '... and nothing of what is not so');
$mock->sql("INSERT INTO contact_guard.mock_row (seq, event, read_at, count) VALUES (10, 'shown', '2026-01-02 03:05:00+00', 1), (11, 'shown', '2026-01-02 03:04:50+00', 1)");
is(guard('verify', $dsn, @vkey), 0, 'rows that are not signed yet') or diag($said);
like($said, qr/^2 later rows are not signed yet, and are not proved; the oldest is of 2026-01-02 03:04:50 UTC$/m, '... are told of');
$mock->sql("INSERT INTO contact_guard.mock_row (seq, event, read_at, closed_at, count) VALUES
	(12, 'start', '2026-01-02 05:00:00.5+00', '2026-01-02 04:00:00+00', 2), (13, 'start', '2026-01-02 04:30:00+00', NULL, 1), (14, 'start', '2026-01-02 06:00:00+00', NULL, 0)");
$mock->publish();
is(guard('verify', $dsn, @vkey), 0, 'a server that ran without the library') or diag($said);
like($said, qr/^the server ran 3 times without contact_guard.* the last of them seq 13\n  seq 12: 2 times, between 2026-01-02 04:00:00 UTC and 2026-01-02 05:00:00 UTC\n  seq 13: 1 time, before 2026-01-02 04:30:00 UTC\n/m, '... is told of, and when');
like($said, qr/^the longest silence: 6900 s, until 2026-01-02 05:00:00 UTC, seq 12$/m, '... the silence is from the latest time before');
like($said, qr/^the longest step back in time: 1800 s, at seq 13:/m, '... and the time goes back');

# Numbers that have no sum, and a row that is ahead of the clock, in another log
my $other = Mock->new('silence', 'example.com/log');
$other->publish(0, 9);
$other->sql("INSERT INTO contact_guard.mock_row (seq, event, read_at, count) VALUES (10, 'start', '2026-01-02 03:04:15+00', 9223372036854775807), (11, 'start', '2026-01-02 03:04:16+00', 9223372036854775807),
	(12, 'heartbeat', '2027-01-02 03:04:16+00', 0)");
$other->sql("INSERT INTO contact_guard.mock_row (seq, event, read_at, count) SELECT i, 'heartbeat', timestamptz '2026-01-02 03:04:05+00' + i * interval '1 s' + CASE WHEN i > 25 THEN interval '9600 h' ELSE '0' END, 0 FROM generate_series(13, 30) i");
$other->publish();
is(guard('verify', $other->dsn, '--vkey', $other->vkey), 0, 'numbers that have no sum, and a clock that was wrong') or diag($said);
like($said, qr/^the server ran 9223372036854775807 times without contact_guard.* the last of them seq 11\n  seq 10: 9223372036854775807 times,.*\n  seq 11: 9223372036854775807 times,/m, '... the runs without the library are told');
like($said, qr/^the longest step back in time: 31535998 s, at seq 13: a read that took so long, or a clock that was wrong$/m, '... and the clock');
like($said, qr/^the longest silence: 34560001 s, until 2027-02-06 03:04:31 UTC, seq 26$/m, '... which does not hide the silence behind it');

# Many new names of the log do not hide the one that has lost rows.
$other->sql(q(INSERT INTO contact_guard.mock_row (seq, event, read_at, count, reason)
	SELECT 31 + i, 'epoch', timestamptz '2027-03-01 00:00+00' + i * interval '1 s', 1, format('new epoch example.com/log/%s: maintenance; the last checkpoint of the old one: %s', i + 2,
		CASE i WHEN 0 THEN replace(contact_guard.mock_text('example.com/log', 10), E'\n10\n', E'\n30\n') ELSE contact_guard.mock_text('example.com/log', 10) END) FROM generate_series(0, 21) i));
$other->publish();
is(guard('verify', $other->dsn, '--vkey', $other->vkey), 0, 'a new name whose log has lost rows, and many others since') or diag($said);
like($said, qr/^since record seq 31 .*; NOT ALL of the 30 rows that were signed as example\.com\/log are in this log/m, '... the loss is told');
like($said, qr/^records of new names that are not shown, since [^:]*: 1$/m, '... of the others, how many are not shown');
is(scalar(() = $said =~ /^since record seq \d+ /mg), 21, '... which are not many');

# A row of the least number, which the questions may find
$other->sql("INSERT INTO contact_guard.mock_row (seq, event, read_at, actor, customer, count) VALUES (-9223372036854775808, 'shown', '2026-01-02 03:04:07+00', 'eve', '2', 1)");
is(guard('verify', $other->dsn, '--vkey', $other->vkey), 1, 'a row of the least number is a finding') or diag($said);
like($said, qr/^row -9223372036854775808 is out of sequence/m, '... that is named');
is(guard('reads-by', $other->dsn, '--vkey', $other->vkey, '--actor', 'eve'), 1, '... of a question, too') or diag($said);
$other->sql('DELETE FROM contact_guard.mock_row WHERE seq < 0');

# A row in the table that the index on seq does not show
$other->sql('CREATE OR REPLACE VIEW contact_guard.log AS SELECT seq FROM contact_guard.mock_row UNION ALL SELECT 5');
is(guard('verify', $other->dsn, '--vkey', $other->vkey), 1, 'a row that the index does not have is a finding') or diag($said);
like($said, qr/^table contact_guard\.log has 54 rows, and the index on seq only 53 of them$/m, '... and counted');
is(guard('verify', $other->dsn, '--vkey', $other->vkey, '--to', 20), 0, '... when the whole log is verified') or diag($said);

# Questions.  The rows, in one string each: what SQL answers, in the same form.
sub table { return (($said =~ /^(?:seq|actor)\t.*?\n(.*?)\n\d+ rows? from records/ms) ? $1 : '') =~ s/\\x5c/\\/gr }

# sql_table(QUERY): as the program writes it
sub sql_table
{
	my ($sql) = @_;
	return $mock->sql("SET timezone = 'UTC'; SELECT concat_ws(E'\\t', $sql") =~ s/\\/\\x5c/gr;
}
sub time_of { return "to_char($_[0], 'YYYY-MM-DD HH24:MI:SS.US+00')" }

$mock->publish(15, 299);
my @since = ('--since', '2026-01-02 03:05');
is(guard('who-read', $dsn, @vkey, '--customer', 37), 0, 'who-read') or diag($said);
like($said, qr/^good$/m, '... verifies the log');
like($said, qr/^seq\tread_at\tactor\tlogin\tidentity\tevent\trelation\tcolumns\tintervention\tpurpose\tclient\tapplication\tsession\tstatement\tquery\n/m, '... has the columns of who_read()');
is(table(), "37\t2026-01-02 03:04:42.678938+00\tmüller\tcrm_app\t\\N\tshown\tcrm.customer\t{phone,\"e \\x22mail\",téléphone}\t\\N\tintervention\t192.0.2.7\tcrm\t6957312c.1092\t37\tSELECT phone FROM crm.customer WHERE id = \$2\n",
	'... the row, without tabs and with the statement') or diag($said);
like($said, qr/^1 row from records that are proved; this rests on the checkpoint\n    \| example\.com\/log\n    \| 300\n/m, '... with the checkpoint');
is(guard('who-read', $dsn, @vkey, '--customer', 37, '--until', '2026-01-02T04:04:42+01:00'), 0, 'until') or diag($said);
is(table(), '', '... before it was read');
is(guard('who-read', $dsn, @vkey, '--customer', 37, '--since', '2026-01-02T03:04:42.678938Z'), 0, 'since') or diag($said);
isnt(table(), '', '... which itself is included');
is(guard('reads-by', $dsn, @vkey, '--actor', 'müller', @since), 0, 'reads-by') or diag($said);
is(scalar(() = table() =~ /\n/g), $mock->sql(q(SELECT count(*) FROM contact_guard.reads_by('müller', '2026-01-02 03:05+00'))), '... as many rows as SQL finds');
is(guard('reads-by', $dsn, @vkey, '--actor', "m'ller\tx"), 0, 'of somebody who is not there') or diag($said);
is(table(), '', '... there is nothing');
is(guard('withheld', $dsn, @vkey), 0, 'withheld') or diag($said);
is(table(), sql_table('actor, attempts, targeted, targeted_customers, customers, more, ' . time_of('first_at') . ', ' . time_of('last_at') . ') FROM contact_guard.withheld_attempts()') . "\n",
	'... counts as SQL does');
is(guard('after-close', $dsn, @vkey, '--since', '2026-01-02'), 0, 'after-close') or diag($said);
is(table(), '', '... nothing: what was withheld had no visit');

# Withheld in several ways: aimed at one, a list, twice in one execution, by nobody
my $at = '2026-01-03 10:00:00+00';
my $number = 300;
sub row
{
	my (%row) = (event => 'withheld', read_at => $at, count => 1, actor => 'anna', session => 's1', statement => 1, relation => 'c', columns => '{a}', @_);
	$row{seq} = $number++;
	my @names = sort keys %row;
	$mock->sql('INSERT INTO contact_guard.mock_row (' . join(', ', @names) . ', customer_salt, actor_salt) VALUES (' . join(', ', map { defined $row{$_} ? "'$row{$_}'" : 'NULL' } @names) . ", sha256('$number'), sha256('-$number'))");
	return;
}
row(customer => 1);
row(customer => 1, columns => '{b}');
row(customer => 1, statement => 2);
row(customer => $_, statement => 3) foreach 1, 2;
row(customer => undef, count => 40, statement => 3);
row(customer => 7, statement => 3, session => 's2');
row(customer => 7, actor => undef);
row(customer => undef, actor => 'bob', count => 12, session => undef, statement => undef);
# ... behind a visit: whose end the clock knows; which was seen open, twice; which was not
row(customer => 8, intervention => 'v1', closed_at => '2026-01-01 08:00:00+00', statement => 4);
row(customer => 9, intervention => 'v2', event => 'shown', read_at => '2026-01-03 09:00:00+00');
row(customer => 9, intervention => 'v2', event => 'shown', read_at => '2026-01-03 09:30:00+00');
row(customer => 9, intervention => 'v2', event => 'shown', read_at => '2026-01-03 11:00:00+00');
row(customer => 9, intervention => 'v2', event => 'shown', actor => 'bob', read_at => '2026-01-03 09:45:00+00');
row(customer => 9, intervention => 'v2', statement => 5);
row(customer => 9, intervention => 'v3', statement => 6);
row(customer => undef, intervention => 'v3', statement => 6);
row(event => 'bulk', count => 100, actor => 'backup');
row(event => 'lookup', customer => 1, actor => 'dispatcher');
$mock->publish();
is(guard('withheld', $dsn, @vkey, '--since', '2026-01-03'), 0, 'withheld in many ways') or diag($said);
is(table(), sql_table('coalesce(actor, E\'\\\\N\'), attempts, targeted, targeted_customers, customers, more, ' . time_of('first_at') . ', ' . time_of('last_at') . ") FROM contact_guard.withheld_attempts('2026-01-03+00')") =~ s/\\x5cN/\\N/gr . "\n",
	'... is what SQL says') or diag($said);
is(guard('after-close', $dsn, @vkey), 0, 'after-close') or diag($said);
is(join('|', map { join ' ', (split /\t/)[0, 7, 8] } split /\n/, table()), '309 2026-01-01 08:00:00.000000+00 2 days 02:00:00.000000|314 2026-01-03 09:30:00.000000+00 00:30:00.000000',
	'... counts from the end of the visit, or when it was last seen open') or diag($said);
is(guard('who-read', $dsn, @vkey, '--customer', 1, '--since', '2026-01-03'), 0, 'who-read') or diag($said);
is(join(' ', table() =~ /^(\d+)\t/mg), '317 318', '... has bulk reads and look-ups');

# What is not signed yet is compared, and left out.
row(event => 'shown', customer => 1, actor => 'late');
is(guard('who-read', $dsn, @vkey, '--customer', 1, '--since', '2026-01-03'), 0, 'a row behind the checkpoint') or diag($said);
unlike(table(), qr/late/, '... is not in the answer');
like($said, qr/^2 rows from records that are proved; 1 more record, which is not proved, is left out;/m, '... and that is said');
is(guard('withheld', $dsn, @vkey), 0, '... other answers do not mind') or diag($said);

# The server's functions and views lie: restored after each.
my %lies = (
	'who_read() hides a row' => [ 'who_read', sub { $_[0] =~ s/c\.event IN/c.seq <> 318 AND c.event IN/r }, 'does not answer what the rows of the log make', 'who-read', '--customer', 1 ],
	'who_read() has a row more' => [ 'who_read', sub { $_[0] =~ s/UNION ALL/UNION ALL SELECT 5, '2026-01-03 01:00+00', 'eve', 'eve', 'role', 'shown', 'c', '{a}', NULL, NULL, NULL, NULL, NULL, 1, NULL UNION ALL/r },
		'answers what the rows of the log do not make', 'who-read', '--customer', 1 ],
	'who_read() names another' => [ 'who_read', sub { $_[0] =~ s/SELECT c\.seq, c\.read_at, c\.actor/SELECT c.seq, c.read_at, CASE c.actor WHEN 'dispatcher' THEN 'eve' ELSE c.actor END/r },
		'answers what the rows of the log do not make', 'who-read', '--customer', 1 ],
	'who_read() says that PostgreSQL knows him' => [ 'who_read', sub { $_[0] =~ s/c\.login, c\.identity/c.login, 'role'::text/r }, 'answers what the rows of the log do not make', 'who-read', '--customer', 1 ],
	'reads_by() hides' => [ 'reads_by', sub { $_[0] =~ s/l\.event IN/l.customer <> '2' AND l.event IN/r }, 'does not answer what', 'reads-by', '--actor', 'anna' ],
	'withheld_attempts() counts less' => [ 'withheld_attempts', sub { $_[0] =~ s/WHERE l\.event/WHERE l.customer IS DISTINCT FROM '7' AND l.event/r }, 'does not answer what', 'withheld' ],
	'reads_after_close() hides' => [ 'reads_after_close', sub { $_[0] =~ s/WHERE c\.closed_at/WHERE c.customer <> '9' AND c.closed_at/r }, 'does not answer what', 'after-close' ]);
foreach my $name (sort keys %lies)
{
	my ($function, $lie, $like, @arguments) = @{ $lies{$name} };
	my $honest = Mock::question($function);
	my $lying = $lie->($honest);
	isnt($lying, $honest, "$name: staged");
	guard(@arguments, $dsn, @vkey);
	my $answer = table();
	$mock->sql($lying =~ s/^CREATE/CREATE OR REPLACE/r);
	is(guard(@arguments, $dsn, @vkey), 1, '... is noticed') or diag($said);
	like($said, qr/^the server's $function\(\) $like.*:\n    \| /m, '... with what differs');
	is(table(), $answer, '... the answer is from the rows') or diag($said);
	$mock->sql($honest =~ s/^CREATE/CREATE OR REPLACE/r);
}
my $view = $mock->sql("SELECT pg_get_viewdef('contact_guard.access_log')") =~ s/;$//r;
$mock->sql("CREATE OR REPLACE VIEW contact_guard.access_log AS SELECT * FROM ($view) v WHERE actor <> 'dispatcher' OR actor IS NULL");
is(guard('who-read', $dsn, @vkey, '--customer', 1), 1, 'a view that hides rows is noticed') or diag($said);
like(table(), qr/\tdispatcher\t/, '... and they are in the answer');
$mock->sql("CREATE OR REPLACE VIEW contact_guard.access_log AS $view");
$mock->sql(Mock::question('who_read') =~ s/^CREATE/CREATE OR REPLACE/r =~ s/BEGIN ATOMIC/BEGIN ATOMIC SELECT 1 \/ 0;/r);
is(guard('who-read', $dsn, @vkey, '--customer', 1), 2, 'a function that fails: could not be compared') or diag($said);
like($said, qr/could not be compared: ERROR:  division by zero/, '... and that is said');
like(table(), qr/\tdispatcher\t/, '... the answer is there');
$mock->sql(Mock::question('who_read') =~ s/^CREATE/CREATE OR REPLACE/r);

# A row that was changed is not in the answer.
$mock->sql("UPDATE contact_guard.mock_row SET actor = 'eve' WHERE seq = 318");
is(guard('who-read', $dsn, @vkey, '--customer', 1, '--since', '2026-01-03'), 1, 'a changed row') or diag($said);
is(join(' ', table() =~ /^(\d+)\t/mg), '317', '... is not in the answer');
$mock->sql("UPDATE contact_guard.mock_row SET actor = 'dispatcher' WHERE seq = 318; UPDATE contact_guard.mock_row SET query = 'SELECT 1' WHERE seq = 37");
is(guard('who-read', $dsn, @vkey, '--customer', 37), 1, 'a changed statement') or diag($said);
unlike(table(), qr/^37\t/m, '... is not in the answer');
$mock->sql("UPDATE contact_guard.mock_row SET query = 'SELECT phone FROM crm.customer WHERE id = \$2' WHERE seq = 37");

# What others have written moves no cursor and makes no line, column or NULL.
row(event => 'shown', customer => 'x', actor => "a\tb\ngood\n\\N \x1b[2J", session => '\N');
$mock->publish();
is(guard('who-read', $dsn, @vkey, '--customer', 'x', '--since', '2026-01-03'), 0, 'an actor with a name of tabs and lines') or diag($said);
like($said, qr/\ta\\x09b\\x0agood\\x0a\\x5cN \\x1b\[2J\t.*\t\\x5cN\t1\t/, '... is one column');
is(scalar(() = $said =~ /^good$/mg), 1, '... there is one verdict');

# Options
foreach my $bad ([ 'who-read' ], [ 'reads-by', '--customer', 1 ], [ 'withheld', '--actor', 'anna' ], [ 'who-read', '--customer', 'x' x 513 ], [ 'who-read', '--customer', 1, 'more' ],
	map { [ 'withheld', '--since', $_ ] } 'now', '2026-02-30', '2026-13-01', '2026-1-1', '2026-01-01 25:00', '2026-01-01 10', '2026-01-01 10:00 CET', '2026-01-01x', '')
{
	is(guard(@$bad[0 .. $#$bad], $dsn, @vkey), 2, 'no question: ' . substr(join(' ', @$bad), 0, 60)) or diag($said);
}
is(guard('who-read', $dsn, @vkey, '--customer', 1, '--max-age', 5), 2, 'a log that stands still') or diag($said);

# growing(ARGUMENT...): guard() of a log that is alive (105_client waits for one that stands
# still).  The three rows are there, and signed one by one, before LAST adds what must stay unsigned.
my $last;
sub growing
{
	my $size = $mock->sql('SELECT count(*) FROM contact_guard.mock_row WHERE seq >= 0') + 0;
	row(event => 'heartbeat', actor => undef, relation => undef, columns => undef, session => undef, statement => undef, count => 0) foreach 1 .. 3;
	$mock->publish(undef, undef, $size + $_) foreach 0 .. 3;
	$last->() if $last;
	$mock->sql("CALL contact_guard.mock_grow($size, $size + 3)");
	guard(@_);
	$mock->sql('CALL contact_guard.mock_stand()');
	return $status;
}

# Rows that a dump has brought
$number = $mock->sql('SELECT max(seq) + 1 FROM contact_guard.mock_row');
$mock->sql(q(INSERT INTO contact_guard.query_text VALUES (5, 'SELECT old');
	INSERT INTO contact_guard.restored_log (seq, read_at, event, actor, login, relation, columns, customer, count, intervention, closed_at, reason, session, statement, query_id, customer_salt, actor_salt, origin)
	SELECT i, timestamptz '1969-12-31 23:59:50.25+00' + i * interval '1.5 s', CASE WHEN i % 3 = 0 THEN 'withheld' ELSE 'shown' END, E'ol"d\\\\ \u00e9\n' || i % 2,
		NULL, '', CASE i % 4 WHEN 0 THEN NULL WHEN 1 THEN '{}' ELSE '{a,"b \"c"}' END::text[], (i % 5)::text, i, 'v', CASE WHEN i % 6 = 0 THEN timestamptz '2020-02-02+00' END,
		E'\x01\b\f\r\t', CASE WHEN i % 7 > 0 THEN 's' END, i, 5, '\x00ff', NULL, CASE WHEN i % 2 = 0 THEN 'z/1' ELSE 'A/2' END
	FROM generate_series(-3, 30) i;
	INSERT INTO contact_guard.restored_log SELECT 4, read_at, 'shown', 'again', login, relation, columns, customer, count, intervention, closed_at, purpose, reason, client, application, session,
		statement, query_id, customer_salt, actor_salt, customer_commitment, actor_commitment, origin, leaf_version FROM contact_guard.restored_log WHERE seq IN (4, 6)));
is(growing('verify', $dsn, @vkey), 1, 'restored rows without a record') or diag($said);
like($said, qr/^36 restored rows are there, and no record says that they came$/m, '... are a finding');
my ($sql) = slurp_file("$FindBin::RealBin/../../src/common/restored.h") =~ /#define CG_RESTORED_SQL \\\n(.*?)\n\n/s;
$sql = join(q(), $sql =~ /^\t"(.*)"(?: \\)?$/mg) =~ s/\\"/"/gr;
my $now = $mock->sql($sql);
like($now, qr/^36 rows, SHA-256 [0-9a-f]{64}$/, 'what the server computes of them');
$last = sub { row(event => 'epoch', actor => undef, reason => "a dump was restored: it was; contact_guard.restored_log has now $now") };
is(growing('verify', $dsn, @vkey), 1, 'a record that is not signed') or diag($said);
$last = undef;
$mock->publish();
is(guard('verify', $dsn, @vkey), 0, '... that is signed') or diag($said);
like($said, qr/^restored rows are outside of this tree: 36 rows, which are those of record seq \d+$/m, '... and has the hash that this program computes');
foreach my $question ([ 'who-read', '--customer', 2 ], [ 'reads-by', '--actor', "ol\"d\\ \xc3\xa9\n1" ], [ 'withheld' ], [ 'after-close' ])
{
	is(guard(@$question, $dsn, @vkey), 0, "$question->[0], of restored rows, too") or diag($said);
	like(table(), qr/\tA\/2:s\t|\tz\/1:s\t|^ol\\x22d|^ol"d/m, '... has them') or diag($said);
}
# The hash has the number of the statement, and its text stands in another table.
like($said, qr/^the texts of their statements are not proved: no record has a hash of the 36 that are there$/m, 'texts of statements of restored rows: verify says what they are not');
$mock->sql("UPDATE contact_guard.query_text SET query = 'SELECT other'");
is(guard('who-read', $dsn, @vkey, '--customer', 2), 0, '... one is changed') or diag($said);
like(table(), qr/\tz\/1:s\t2\t\(text not proved\) SELECT other$/m, '... and is marked') or diag($said);
unlike(table(), qr/\tSELECT other$/m, '... everywhere');
like(table(), qr/\tSELECT phone FROM crm\.customer WHERE id = \$2$/m, '... and that of a signed row is not');
$mock->sql('CREATE TABLE public.kept AS TABLE contact_guard.query_text; TRUNCATE contact_guard.query_text');
is(guard('reads-by', $dsn, @vkey, '--actor', "ol\"d\\ \xc3\xa9\n1"), 0, '... it is removed') or diag($said);
like(table(), qr/\t\(text not proved\)$/m, '... what is not there is not proved, either');
$mock->sql('INSERT INTO contact_guard.query_text TABLE public.kept');
# A lying server cannot say the hash for the rows.
$mock->sql("UPDATE contact_guard.restored_log SET actor = 'nobody' WHERE seq = 2");
is(growing('verify', $dsn, @vkey), 1, 'a restored row is changed') or diag($said);
like($said, qr/the restored rows are not those of record/, '... and that is said');
is(growing('who-read', $dsn, @vkey, '--customer', 2), 1, '... in an answer, too') or diag($said);
unlike(table(), qr/nobody|A\/2|z\/1/, '... which has none of them');
# A row that was signed as another one says the hash, when it is among those signed since the verification began.
my ($after) = $mock->sql('SELECT max(seq) + 1 FROM contact_guard.mock_row');
$last = sub { $mock->sql("UPDATE contact_guard.mock_row SET event = 'epoch', reason = 'restored records were purged or erased; contact_guard.restored_log has now ' || (" . $sql . ") WHERE seq = $after"); $after += 3 };
is(growing('verify', $dsn, @vkey), 1, 'a signed row is rewritten into a record of what is left') or diag($said);
like($said, qr/the restored rows are not those of record/, '... which explains nothing');
$mock->sql("UPDATE contact_guard.mock_row SET event = 'heartbeat', reason = NULL WHERE seq = $after - 3");
is(growing('who-read', $dsn, @vkey, '--customer', 2), 1, '... nor in an answer') or diag($said);
unlike(table(), qr/nobody|A\/2|z\/1/, '... which has none of them');
$mock->sql("UPDATE contact_guard.mock_row SET event = 'heartbeat', reason = NULL WHERE seq = $after - 3");
$last = undef;
row(event => 'erasure', actor => undef, count => 0, reason => "a customer: x; contact_guard.restored_log has now " . $mock->sql($sql));
$mock->publish();
is(growing('verify', $dsn, @vkey), 1, 'an erasure since then, whose reason says the hash') or diag($said);
row(event => 'epoch', actor => undef, reason => "restored records were purged or erased; contact_guard.restored_log has now " . $mock->sql($sql));
$mock->publish();
is(guard('verify', $dsn, @vkey), 0, '... the record of what is left') or diag($said);
# Version 1.0 did not record the hash.
$mock->sql("UPDATE contact_guard.mock_row SET reason = 'a dump was restored: it was' WHERE event = 'epoch'; TRUNCATE contact_guard.mock_node");
$mock->publish();
is(guard('verify', $dsn, @vkey), 0, 'records of version 1.0') or diag($said);
like($said, qr/^restored rows are outside of this tree: 36 rows; no record says what they were when they came$/m, '... say less');
is(guard('who-read', $dsn, @vkey, '--customer', 2), 2, '... nobody knows whether an answer with them is right') or diag($said);
like($said, qr/^\d+ restored records that would count are left out/m, '... and that is said');
is(guard('who-read', $dsn, @vkey, '--customer', 'x'), 0, '... others do not depend on them') or diag($said);
$mock->{node}->stop;
done_testing();
