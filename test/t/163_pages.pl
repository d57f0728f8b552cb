# Rows that OFFSET leaves out are on record as read by nobody: the page that a list of an
# application shows is.  And all results are those of a table that is not guarded.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use Test::More;

my $node = guard_node('pages', 'autovacuum = off');
make_roles($node);
make_crm($node, 'crm', 1000);
$node->safe_psql('crm', q(
	CREATE TABLE crm.open AS SELECT * FROM crm.customer; ALTER TABLE crm.open ADD PRIMARY KEY (id);
	CREATE TABLE crm.visit (customer_id bigint, day int); INSERT INTO crm.visit SELECT i % 1000 + 1, i FROM generate_series(1, 3000) i;
	CREATE VIEW crm.view_customer AS SELECT id, name, phone, upper(phone) AS up FROM crm.customer;
	CREATE VIEW crm.view_open AS SELECT id, name, phone, upper(phone) AS up FROM crm.open;
	CREATE VIEW crm.twice_customer AS SELECT v.id, v.name, v.up || v.phone AS pair, w.day FROM crm.view_customer v JOIN crm.visit w ON w.customer_id = v.id WHERE day <= 1000 ORDER BY w.day;
	CREATE VIEW crm.twice_open AS SELECT v.id, v.name, v.up || v.phone AS pair, w.day FROM crm.view_open v JOIN crm.visit w ON w.customer_id = v.id WHERE day <= 1000 ORDER BY w.day;
	CREATE TABLE crm.calls (id bigint);
	CREATE FUNCTION crm.noted(text) RETURNS text VOLATILE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
		AS $$BEGIN INSERT INTO crm.calls VALUES (1); RETURN 'noted'; END$$;
	GRANT SELECT ON ALL TABLES IN SCHEMA crm TO anna, dispatcher, eve; GRANT UPDATE ON crm.customer TO dispatcher));

# records(USER, SQL): the numbers of customers that were shown and withheld, and the answer
my $number = 0;
sub records
{
	my ($user, $sql, $of) = @_;
	my $application = 'page ' . ++$number;
	my ($out, $err) = as($node, 'crm', $user, "SET application_name = '$application'; $sql");
	is($err, '', "no error: $sql");
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my $counts = $node->safe_psql('crm', "SELECT count(DISTINCT customer) FILTER (WHERE event = 'shown'), coalesce(sum(count) FILTER (WHERE event = 'withheld'), 0) FROM contact_guard.access_log WHERE application = '$application'");
	return wantarray ? ($counts, $out) : $counts;
}

# Each page: what is on record, and that the answer is that of the plain table
foreach (
	[ 'SELECT id, phone FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300', 50 ],
	[ 'SELECT phone FROM crm.%s ORDER BY name, id LIMIT 50 OFFSET 300', 50 ],
	[ 'SELECT phone, id, phone AS again, upper(phone), id + 1 FROM crm.%s ORDER BY id + 1 DESC LIMIT 50 OFFSET 300', 50 ],
	[ 'SELECT c.phone, v.day, c.name FROM crm.%s c JOIN crm.visit v ON v.customer_id = c.id ORDER BY v.day LIMIT 50 OFFSET 300', 50 ],
	[ 'SELECT v.day, c.phone FROM crm.visit v LEFT JOIN crm.%s c ON v.customer_id = c.id AND c.id < 500 WHERE day < 1000 ORDER BY v.day LIMIT 50 OFFSET 480', 18 ],
	[ 'SELECT c FROM crm.%s c ORDER BY c.id LIMIT 50 OFFSET 300', 50 ],
	[ 'SELECT to_jsonb(c) FROM crm.%s c ORDER BY c.id LIMIT 50 OFFSET 300', 50 ],
	[ 'SELECT * FROM crm.%s ORDER BY id OFFSET 900', 100 ],
	[ 'SELECT * FROM crm.%s ORDER BY id OFFSET (SELECT 900)', 100 ],
	[ 'SELECT * FROM crm.%s ORDER BY id LIMIT 10 OFFSET 5000', 0 ],
	[ 'SELECT CASE WHEN id < 320 THEN phone ELSE name END FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300', 19 ],
	[ 'WITH w AS MATERIALIZED (SELECT 7 AS n) SELECT phone, (SELECT n FROM w) FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300', 50 ],
	[ "SELECT tableoid <> 0, ctid IS NULL, phone || 'x' FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300", 50 ],
	[ 'PREPARE p(int, int) AS SELECT id, phone FROM crm.%s ORDER BY id LIMIT $1 OFFSET $2; EXECUTE p(50, 300)', 50 ],
	[ "DO \$\$DECLARE r record; BEGIN FOR r IN SELECT id, phone FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300 LOOP END LOOP; END\$\$", 50 ],
	[ 'COPY (SELECT id, phone FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300) TO STDOUT', 50 ],
	[ 'BEGIN; DECLARE c SCROLL CURSOR FOR SELECT id, phone FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300; FETCH 3 FROM c; FETCH BACKWARD 1 FROM c; FETCH 2 FROM c; COMMIT', 4 ],
	# Through views and sub-selects
	[ 'SELECT * FROM crm.view_%s ORDER BY id LIMIT 50 OFFSET 300', 50 ],
	[ 'SELECT * FROM crm.twice_%s ORDER BY id LIMIT 50 OFFSET 300', 50 ],
	[ "SELECT pair || 'x', id, 'y' || pair FROM crm.twice_%s WHERE id > 9 ORDER BY id LIMIT 50 OFFSET 300", 50 ],
	[ 'SELECT v.up, w.day FROM crm.view_%s v LEFT JOIN crm.visit w ON w.customer_id = v.id AND w.day < 1000 ORDER BY v.id LIMIT 50 OFFSET 300', 50 ],
	[ 'SELECT s.phone, s.phone FROM (SELECT * FROM crm.%s WHERE id > 5) s ORDER BY s.id LIMIT 50 OFFSET 300', 50 ],
	[ 'PREPARE p(int, int) AS SELECT id, phone FROM crm.view_%s ORDER BY id LIMIT $1 OFFSET $2; EXECUTE p(50, 300)', 50 ],
	# ... where a column more would show, or a row may be missing, or it is not plain, as it was
	[ 'SELECT v, v.phone FROM crm.view_%s v ORDER BY v.id LIMIT 50 OFFSET 300', undef ],
	[ 'SELECT phone, (SELECT to_jsonb(v)) FROM crm.view_%s v ORDER BY v.id LIMIT 50 OFFSET 300', undef ],
	[ 'SELECT w.day, v.phone FROM crm.visit w LEFT JOIN crm.view_%s v ON w.customer_id = v.id AND v.id < 500 WHERE day < 1000 ORDER BY w.day LIMIT 50 OFFSET 480', undef ],
	[ 'SELECT w.day, v.up FROM crm.view_%s v FULL JOIN crm.visit w ON w.customer_id = v.id ORDER BY w.day LIMIT 50 OFFSET 300', undef ],
	[ 'WITH c AS (SELECT * FROM crm.%s) SELECT phone FROM c ORDER BY id LIMIT 50 OFFSET 300', undef ],
	[ 'SELECT phone FROM (SELECT DISTINCT id, phone FROM crm.%s) s ORDER BY id LIMIT 50 OFFSET 300', undef ],
	# In a CTE or a sub-select of any depth, as servers that make JSON have it
	[ "WITH s AS (SELECT id, phone FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300) SELECT count(p), json_agg(p) FROM (SELECT * FROM s) p", 50 ],
	[ q(WITH n AS (SELECT to_json(json_build_object('id', c.id, 'phone', c.phone)) AS "@nodes" FROM (SELECT c.* FROM crm.%s c ORDER BY id LIMIT 50 OFFSET 300) c) SELECT coalesce((SELECT json_agg(n."@nodes") FROM n), '[]')), 50 ],
	[ 'SELECT json_agg(s) FROM (SELECT id, phone FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300) s', 50 ],
	[ 'SELECT (SELECT string_agg(phone, \'\') FROM (SELECT phone FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300) s)', 50 ],
	[ 'SELECT count(*) FROM crm.open WHERE phone IN (SELECT phone FROM crm.%s ORDER BY id LIMIT 5 OFFSET 300)', 5 ],
	[ '(SELECT phone FROM crm.%1$s ORDER BY id LIMIT 5 OFFSET 300) UNION ALL (SELECT phone FROM crm.%1$s ORDER BY id LIMIT 5 OFFSET 400)', 10 ],
	[ '(SELECT phone FROM crm.%1$s ORDER BY id LIMIT 5 OFFSET 300) UNION (SELECT phone FROM crm.%1$s ORDER BY id LIMIT 5 OFFSET 303) ORDER BY 1', 8 ],
	[ 'SELECT s.phone FROM (SELECT id, phone FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300) s WHERE s.id < 311', 10 ],
	[ 'SELECT s.id FROM (SELECT id, phone FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300) s', 0 ],
	[ 'SELECT phone FROM (SELECT id, phone FROM crm.%s ORDER BY id LIMIT 100 OFFSET 300) s ORDER BY id LIMIT 5 OFFSET 10', 5 ],
	[ 'WITH s AS MATERIALIZED (SELECT id, phone FROM crm.%s ORDER BY id LIMIT 5 OFFSET 300) SELECT a.phone, b.phone FROM s a JOIN s b USING (id)', 5 ],
	[ 'SELECT s.phone FROM (SELECT phone FROM crm.view_%s ORDER BY id LIMIT 50 OFFSET 300) s', 50 ],
	[ 'SELECT v.day, s.phone FROM crm.visit v LEFT JOIN (SELECT id, phone FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300) s ON s.id = v.customer_id WHERE v.day BETWEEN 290 AND 310 ORDER BY 1', undef ],
	# ... but not one that refers to what is around it
	[ 'SELECT v.day, p.phone FROM crm.visit v, LATERAL (SELECT phone FROM crm.%s c WHERE c.id >= v.customer_id ORDER BY id LIMIT 1 OFFSET 1) p WHERE v.day < 4 ORDER BY 1', undef ],
	[ 'SELECT v.day, (SELECT phone || v.day FROM crm.%s c ORDER BY id LIMIT 1 OFFSET 1) FROM crm.visit v WHERE v.day < 4 ORDER BY 1', undef ],
	[ 'WITH a AS (SELECT 300 AS n), s AS (SELECT phone FROM crm.%s ORDER BY id LIMIT 5 OFFSET (SELECT n FROM a)) SELECT * FROM s', undef ],
	[ 'SELECT v.day, sum(v.day), (SELECT max(s.x) FROM (SELECT phone || sum(v.day) AS x FROM crm.%s ORDER BY id LIMIT 2 OFFSET 1) s) FROM crm.visit v WHERE v.day < 4 GROUP BY v.day ORDER BY 1', undef ],
	# DISTINCT and GROUP BY that have the key of the customer, and need not compare his number
	[ 'SELECT DISTINCT c.phone, c.id, c.name FROM crm.%s c JOIN crm.visit v ON v.customer_id = c.id ORDER BY c.name, c.id LIMIT 50', 50 ],
	[ 'SELECT DISTINCT c.id, upper(c.phone) || c.name FROM crm.%s c JOIN crm.visit v ON v.customer_id = c.id ORDER BY c.id LIMIT 50 OFFSET 300', 50 ],
	[ 'SELECT DISTINCT v.day % 2, c.id, c.phone FROM crm.visit v LEFT JOIN crm.%s c ON v.customer_id = c.id AND c.id <= 500 ORDER BY c.id DESC NULLS FIRST, 1 LIMIT 12', 10 ],
	[ 'SELECT json_agg(s) FROM (SELECT DISTINCT c.id, c.phone FROM crm.%s c JOIN crm.visit v ON v.customer_id = c.id ORDER BY c.id LIMIT 50) s', 50 ],
	[ 'SELECT c.id, c.phone, count(*) FROM crm.%s c JOIN crm.visit v ON v.customer_id = c.id GROUP BY c.id ORDER BY c.id LIMIT 50 OFFSET 300', 50 ],
	[ 'SELECT c.phone, c.id, count(*) FROM crm.%s c JOIN crm.visit v ON v.customer_id = c.id GROUP BY c.phone, c.id ORDER BY 3, c.id LIMIT 5', 5, 18 ],
	[ 'SELECT c.id, c.phone, count(*) FROM crm.%s c JOIN crm.visit v ON v.customer_id = c.id GROUP BY c.id, c.phone HAVING max(v.day) < 1010 ORDER BY 1', undef ],
	[ 'SELECT c.id, c.phone, count(*) FROM crm.%s c JOIN crm.visit v ON v.customer_id = c.id GROUP BY c.id, c.phone HAVING max(v.day) > 2990 ORDER BY 1', 10, 18 ],
	[ 'SELECT DISTINCT ON (id % 40) id % 40, phone, name FROM crm.%s ORDER BY id % 40, id DESC', 40 ],
	[ 'SELECT DISTINCT ON (id % 40) phone FROM crm.view_%s ORDER BY id % 40, id LIMIT 5 OFFSET 5', 5 ],
	[ 'SELECT json_agg(s.phone) FROM (SELECT DISTINCT ON (id % 40) phone FROM crm.%s ORDER BY id % 40, id) s', 40 ],
	# Window functions
	[ 'SELECT id, phone, count(*) OVER (), row_number() OVER (ORDER BY id) FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300', 50 ],
	[ 'SELECT * FROM (SELECT id, phone, row_number() OVER (ORDER BY name, id) AS r FROM crm.%s) s WHERE r BETWEEN 301 AND 350', 50 ],
	[ 'SELECT r, upper(phone), id FROM (SELECT a.*, row_number() OVER () AS r FROM (SELECT id, phone FROM crm.%s ORDER BY id DESC) a) s WHERE r > 300 AND r <= 350', 50 ],
	[ 'SELECT phone, r FROM (SELECT id, phone, rank() OVER (PARTITION BY id % 40 ORDER BY id) AS r FROM crm.view_%s) s WHERE r = 1 ORDER BY id', 40 ],
	[ 'SELECT s FROM (SELECT id, phone, row_number() OVER (ORDER BY id) AS r FROM crm.%s) s WHERE r < 4', undef ],
	[ "SELECT id, phone FROM (SELECT id, phone, row_number() OVER (ORDER BY id) AS r FROM crm.%s) s WHERE r < 400 AND phone LIKE '%%7'", undef ],
	# Compared with those of others, or without the whole key: as it was
	[ 'SELECT DISTINCT phone FROM crm.%s ORDER BY 1 LIMIT 50', 1000 ],
	[ 'SELECT DISTINCT c.name, c.phone FROM crm.%s c ORDER BY 1 LIMIT 50', 1000 ],
	[ 'SELECT DISTINCT id, phone FROM crm.%s ORDER BY phone LIMIT 50', 1000 ],
	[ 'SELECT DISTINCT ON (phone) phone, id FROM crm.%s ORDER BY phone, id LIMIT 50', 1000 ],
	[ 'SELECT phone, count(*) FROM crm.%s GROUP BY phone ORDER BY 1 LIMIT 50', 1000 ],
	[ 'SELECT phone, row_number() OVER (ORDER BY phone) FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300', 1000 ],
	[ 'SELECT * FROM (SELECT id, row_number() OVER (ORDER BY phone) AS r FROM crm.%s) s WHERE r < 10', 1000 ],
	# Left as it was: the order, or something else, is made of the value.
	[ 'SELECT phone FROM crm.%s ORDER BY phone LIMIT 50 OFFSET 300', 1000 ],
	[ 'SELECT DISTINCT phone FROM crm.%s ORDER BY 1 LIMIT 50 OFFSET 300', 1000 ],
	[ 'SELECT max(phone) FROM crm.%s GROUP BY id ORDER BY id LIMIT 50 OFFSET 300', undef ],
	[ 'SELECT phone, generate_series(1, 2) FROM crm.%s ORDER BY id LIMIT 50 OFFSET 300', undef ],
	[ 'SELECT phone FROM crm.%s UNION ALL SELECT phone FROM crm.open ORDER BY 1 LIMIT 50 OFFSET 300', undef ],
	[ 'SELECT phone FROM crm.%s ORDER BY id LIMIT 50 OFFSET 0', 50 ],
	[ 'SELECT phone FROM crm.%s ORDER BY id LIMIT 50 OFFSET NULL', 50 ])
{
	# "until": GROUP BY keeps the value for the whole query from this version on.
	my ($sql, $shown, $until) = @$_;
	undef $shown if $until && $node->pg_version >= $until;
	my ($counts, $out) = records('dispatcher', sprintf $sql, 'customer');
	my ($plain) = as($node, 'crm', 'dispatcher', sprintf $sql, 'open');
	$plain =~ s/\n\z//;
	is($counts, "$shown|0", "on record: $shown") if defined $shown;
	is($out, $plain, '... and the answer is right');
}

# Masks: what anna sees of customers 1 to 20 and of others
my ($counts, $out) = records('anna', 'SELECT id, phone FROM crm.customer ORDER BY id LIMIT 15 OFFSET 10');
is($out, join("\n", map { "$_|" . ($_ <= 20 ? phone_of($_) : mask_of($_)) } 11 .. 25), 'a page of values and masks');
is($counts, '10|5', '... and what is on record');
($counts, $out) = records('eve', 'SELECT phone FROM crm.customer ORDER BY id LIMIT 5 OFFSET 900');
is($counts, '0|5', 'a page of masks');
($counts, $out) = records('anna', q(WITH s AS (SELECT id, phone FROM crm.customer ORDER BY id LIMIT 15 OFFSET 10) SELECT string_agg(phone, ',' ORDER BY id) FROM s));
is($out, join(',', map { $_ <= 20 ? phone_of($_) : mask_of($_) } 11 .. 25), 'the same in a CTE');
is($counts, '10|5', '... and what is on record');
($counts, $out) = records('anna', 'SELECT DISTINCT c.phone, c.id FROM crm.customer c JOIN crm.visit v ON v.customer_id = c.id ORDER BY c.id LIMIT 15 OFFSET 10');
is($out, join("\n", map { ($_ <= 20 ? phone_of($_) : mask_of($_)) . "|$_" } 11 .. 25), 'the same with DISTINCT');
is($counts, '10|5', '... and what is on record');
is(as($node, 'crm', 'eve', 'SELECT count(*) FROM (SELECT DISTINCT phone FROM crm.customer LIMIT 500) s'), 10, 'DISTINCT sees masks');
# A child table has keys of its own.
$node->safe_psql('crm', q(SET client_min_messages = error; CREATE TABLE crm.parent (id bigint PRIMARY KEY, phone text); CREATE TABLE crm.child () INHERITS (crm.parent);
	SELECT contact_guard.protect('crm.parent', 'id', '{phone}', 'partial(2,1)');
	INSERT INTO crm.parent VALUES (1, '0600000001'); INSERT INTO crm.child VALUES (1, '0700000001'); GRANT SELECT ON crm.parent TO dispatcher));
is(as($node, 'crm', 'dispatcher', 'SELECT DISTINCT id, phone FROM crm.parent ORDER BY id LIMIT 50') =~ tr/\n//, 1, 'two rows of one key, one of them of a child table');
# The order is that of masks where the query asks for it.
is(as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer ORDER BY phone, id DESC LIMIT 3 OFFSET 96'), join("\n", map { mask_of($_) } 0, 0, 0), 'the order by a guarded column is that of the masks');
is(as($node, 'crm', 'eve', 'SELECT id FROM crm.customer ORDER BY phone, id DESC LIMIT 3 OFFSET 96'), "40\n30\n20", '... also where it is not shown');
# A condition on the value sees the mask.
is(as($node, 'crm', 'eve', "SELECT id FROM crm.customer WHERE phone = '0600000042' ORDER BY id OFFSET 0"), '', 'conditions see masks');
is(as($node, 'crm', 'eve', "SELECT id, phone FROM crm.customer WHERE phone LIKE '06000%' ORDER BY id LIMIT 3 OFFSET 1"), '', '... also on a page');

# What can tell how often it is computed is computed as often as before.
$node->safe_psql('crm', "UPDATE crm.customer SET name = name WHERE false");
as($node, 'crm', 'dispatcher', 'SELECT crm.noted(phone) FROM crm.customer ORDER BY id LIMIT 5 OFFSET 10');
my $guarded = $node->safe_psql('crm', 'SELECT count(*) FROM crm.calls');
$node->safe_psql('crm', 'TRUNCATE crm.calls');
as($node, 'crm', 'dispatcher', 'SELECT crm.noted(phone) FROM crm.open ORDER BY id LIMIT 5 OFFSET 10');
is($guarded, $node->safe_psql('crm', 'SELECT count(*) FROM crm.calls'), 'a volatile function is called for the same rows');
# Row locks, and CURRENT OF
is((as($node, 'crm', 'dispatcher', 'SELECT phone FROM crm.customer ORDER BY id LIMIT 2 OFFSET 3 FOR UPDATE'))[0], phone_of(4) . "\n" . phone_of(5), 'FOR UPDATE');
is((as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer ORDER BY id LIMIT 2 OFFSET 3 FOR UPDATE'))[0], '', '... needs its privilege');
$node->safe_psql('crm', 'REVOKE SELECT ON crm.customer FROM eve; GRANT SELECT (id, name) ON crm.customer TO eve');
like((as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer ORDER BY id LIMIT 2 OFFSET 3'))[1], qr/42501: permission denied for table customer/, 'privileges on columns are asked as before');
is((as($node, 'crm', 'eve', 'SELECT name FROM crm.customer ORDER BY id LIMIT 1 OFFSET 3'))[0], 'Customer 4', '... other columns can be read');
# The customer key has a column of its own, and the actor needs no privilege on it.
$node->safe_psql('crm', 'REVOKE ALL ON crm.customer FROM eve; GRANT SELECT (name, phone) ON crm.customer TO eve');
is((as($node, 'crm', 'eve', 'SELECT phone FROM crm.customer ORDER BY name LIMIT 1 OFFSET 3'))[0] =~ /^06\*{7}\d$/ ? 1 : 0, 1, '... and not on the key');

# Windows: a portal that goes on after the window has closed
my $anna = session($node, 'crm', 'anna');
$anna->query('BEGIN; DECLARE c CURSOR FOR SELECT id, phone FROM crm.customer ORDER BY id LIMIT 15 OFFSET 1');
is($anna->query('FETCH 2 FROM c'), "2|" . phone_of(2) . "\n3|" . phone_of(3), 'a cursor');
$node->safe_psql('crm', q(UPDATE crm.intervention SET ends_at = now() - interval '1 min' WHERE customer_id IN (4, 5)));
$anna->query('SELECT pg_sleep(1.1)');
is($anna->query('FETCH 2 FROM c'), "4|" . mask_of(4) . "\n5|" . mask_of(5), '... sees masks when windows have closed');
$anna->query('COMMIT');
$anna->quit;
# OFFSET 0 keeps a sub-select as it is: what it computes is computed once
$node->safe_psql('crm', q(CREATE FUNCTION crm.tell(text) RETURNS text STABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'told'; RETURN $1; END$$));
(undef, my $told) = as($node, 'crm', 'dispatcher', 'SELECT p, p, p FROM (SELECT crm.tell(phone) AS p FROM crm.customer WHERE id <= 2 OFFSET 0) s');
is(scalar(() = $told =~ /told/g), 2, 'OFFSET 0 around a function: it is called once a row');

$node->stop;
done_testing();
