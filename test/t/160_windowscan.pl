# Windows that a scan of our own finds are those that the executor finds, whatever the
# columns, the terms and the indexes; and no change of the relation is missed by it.
use strict;
use warnings;
use File::Basename;
use lib dirname(__FILE__) . '/lib';
use Guarded;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(usleep);

my $node = guard_node('windowscan', 'auto_explain.log_min_duration = 0', 'auto_explain.log_nested_statements = on',
	q(session_preload_libraries = 'auto_explain'), q(timezone = 'America/New_York'));
make_roles($node);
make_crm($node, 'crm', 60);
$node->safe_psql('crm', q(
	SET client_min_messages = error;
	CREATE ROLE owner LOGIN;
	SELECT contact_guard.forget_interventions('crm.intervention');
	SELECT contact_guard.unprotect('crm.customer');
	CREATE SCHEMA own AUTHORIZATION owner; GRANT USAGE ON SCHEMA own TO PUBLIC;
	SET ROLE owner;
	CREATE TYPE own.state AS ENUM ('planned', 'on_site', 'done');));

# Rows around now in steps that no slow machine crosses while a question runs.
sub fill
{
	my ($customer, $technician, $time) = @_;
	my $moment = { timestamptz => 't', timestamp => q((t AT TIME ZONE 'Asia/Tokyo')), date => q((t AT TIME ZONE 'Asia/Tokyo')::date) }->{$time};
	my $begin = $moment =~ s/\bt\b/b/r;
	my $end = $moment =~ s/\bt\b/e/r;
	my $key = $customer eq 'uuid' ? q(lpad((n % 60)::text, 32, '0')::uuid) : "(n % 60)::$customer";

	$node->safe_psql('crm', qq(
		SET client_min_messages = error;
		DROP TABLE IF EXISTS own.job CASCADE;
		SET ROLE owner;
		CREATE TABLE own.job (gone int, id bigint, customer $customer, tech $technician, b $time, e $time, state own.state, status text);
		ALTER TABLE own.job DROP gone;
		INSERT INTO own.job SELECT n, $key, CASE n % 3 WHEN 0 THEN 'eve' ELSE 'anna' END, $begin, $end,
				(ARRAY['planned', 'on_site', 'done'])[1 + n % 3]::own.state, (ARRAY['en_route', 'on_site', 'closed', NULL])[1 + n % 4]
			FROM generate_series(1, 600) n, LATERAL (SELECT setseed(0.25)) s,
				LATERAL (SELECT now() + make_interval(mins => 17 * ((n * 37) % 401 - 200)) AS b) x,
				LATERAL (SELECT CASE n % 11 WHEN 0 THEN NULL WHEN 1 THEN 'infinity' ELSE b + make_interval(mins => 43 * (n % 70)) END AS e) y;
		INSERT INTO own.job VALUES (1000, NULL, 'anna', '-infinity', 'infinity', 'on_site', 'on_site'), (1001, NULL, NULL, NULL, NULL, NULL, NULL);
		CREATE VIEW own.jobs AS SELECT * FROM own.job OFFSET 0;));
	return;
}

# What a definition's words say, computed by nothing of ours.
sub expected
{
	my ($time, $when, %term) = @_;
	my %moment = (timestamptz => [ 'b', 'e' ], timestamp => [ q(b AT TIME ZONE 'Asia/Tokyo'), q(e AT TIME ZONE 'Asia/Tokyo') ],
		date => [ q(b::timestamp AT TIME ZONE 'Asia/Tokyo'), q((e + 1)::timestamp AT TIME ZONE 'Asia/Tokyo') ]);
	my ($b, $e) = @{ $moment{$time} };
	my $until = "($e) + interval '" . ($term{late} // 0) . "'";

	$until = "LEAST($until, ($b) + interval '$term{longest}')" if $term{longest};
	return scalar $node->safe_psql('crm', qq(SET TimeZone = 'UTC'; SELECT string_agg(DISTINCT customer::text, ' ' ORDER BY customer::text) FROM own.job
		WHERE tech = 'anna' AND ($b) - interval '@{[ $term{early} // 0 ]}' <= now() AND $until > now() AND ($when)));
}

sub use_it
{
	my ($relation, $time, $when, %term) = @_;
	my $terms = join '', map { ", $_ => '$term{$_}'" } sort keys %term;

	$terms .= q(, timezone => 'Asia/Tokyo') if $time ne 'timestamptz';
	$node->safe_psql('crm', qq(SET client_min_messages = error;
		SELECT contact_guard.forget_interventions(x) FROM unnest('{own.job,own.jobs}'::regclass[]) x WHERE EXISTS (SELECT FROM pg_seclabel l WHERE l.objoid = x AND l.objsubid = 0);
		SELECT contact_guard.use_interventions('$relation', customer => 'customer', technician => 'tech', opens_at => 'b', closes_at => 'e', open_when => \$w\$$when\$w\$$terms)));
	return;
}

my $asked = q(SELECT string_agg(DISTINCT customer, ' ' ORDER BY customer) FROM contact_guard.open_interventions());

# Did the executor answer?
sub answer
{
	my ($sql) = @_;
	my $offset = -s $node->logfile;
	my ($out, $err) = as($node, 'crm', 'anna', $sql);

	diag($err) if $err;
	return ($out, slurp_file($node->logfile, $offset) =~ /WHERE i\.tech = \$1/ ? 'executor' : 'scan');
}

my @indexes = ('', '(tech)', '(customer)', '(tech, customer)', '(customer, tech, b)', '(tech, b DESC)', '(tech, b, e)',
	q((tech) WHERE state IN ('planned', 'on_site')), '(lower(tech), customer)');
my @whens = (q(state IN ('planned', 'on_site')), q(status = 'on_site' OR status IS NULL), q(status LIKE 'on%' AND coalesce(status, 'x') <> 'y'),
	q(CASE WHEN state = 'done' THEN false ELSE true END));
my @terms = ({}, { early => '15 min', late => '30 min' }, { longest => '12 hours' }, { early => '1 day', late => '2 days', longest => '100 hours' });
my $turn = 0;

foreach my $types ([ 'int', 'text', 'timestamptz' ], [ 'uuid', 'name', 'timestamp' ], [ 'text', 'varchar(20)', 'date' ], [ 'bigint', 'text', 'timestamptz' ])
{
	my ($customer, $technician, $time) = @$types;

	fill(@$types);
	foreach my $term (@terms, { early => '1 month', longest => '1 month' })
	{
		my $when = $whens[ $turn % @whens ];
		my $index = $indexes[ $turn++ % @indexes ];
		my $what = "$customer, $technician, $time, index $index, " . join(' ', %$term) . ", $when";
		my $by = ($term->{early} // '') =~ /month/ ? 'executor' : 'scan';

		$node->safe_psql('crm', 'DROP INDEX IF EXISTS own.help' . ($index ? "; SET ROLE owner; CREATE INDEX help ON own.job $index" : ''));
		use_it('own.job', $time, $when, %$term);
		is(join('|', answer($asked)), expected($time, $when, %$term) . "|$by", "the $by finds the windows: $what");
		use_it('own.jobs', $time, $when, %$term);
		is(join('|', answer($asked)), expected($time, $when, %$term) . '|executor', "of a view the executor finds them: $what");
	}
}

# One customer at a time, by each index; a window just shut is not open.
foreach my $index (@indexes)
{
	my $when = $whens[0];
	my $customers = q(SELECT string_agg(n::text, ' ' ORDER BY n::text) FROM generate_series(0, 70) n WHERE contact_guard.has_open_window(n::bigint));

	$node->safe_psql('crm', 'DROP INDEX IF EXISTS own.help' . ($index ? "; SET ROLE owner; CREATE INDEX help ON own.job $index" : ''));
	use_it('own.job', 'timestamptz', $when, late => '30 min');
	is(join('|', answer($customers)), expected('timestamptz', $when, late => '30 min') . '|scan', "customer by customer: index $index");
}

# Debian 14 has EST in another package; its name with a slash is no abbreviation.
my $zone = $node->safe_psql('crm', q(SELECT coalesce((SELECT name FROM pg_timezone_names WHERE name = 'EST'), 'Etc/GMT+5')));

# No setting of the reader opens a window: neither for a scan nor for the executor.
$node->safe_psql('crm', q(
	SET client_min_messages = error; SET ROLE owner;
	CREATE TABLE own.odd (id bytea, customer bigint, tech text, b timestamp, e timestamp, late timestamp, far timestamp, st bytea, f float8, w text, x int);
	CREATE INDEX ON own.odd (tech);
	INSERT INTO own.odd SELECT '\\x6f', 1, 'anna', t - interval '2 hours', t + interval '2 hours', t + interval '12 hours', t + interval '20 hours', '\\x00', 0.1::float8 + 0.2::float8, 'x', 0
		FROM (SELECT now() AT TIME ZONE 'EST') AS n(t);
	CREATE VIEW own.odds AS SELECT * FROM own.odd OFFSET 0;));
foreach my $case (
	[ 'late', 'far', 'true', q(SET timezone_abbreviations = 'Australia') ],
	[ 'b', 'e', q(st::text <> '\\x00'), q(SET bytea_output = 'escape') ],
	[ 'b', 'e', q(quote_ident(w) <> w), q(SET quote_all_identifiers = on) ],
	[ 'b', 'e', q(f::text = '0.3'), q(SET extra_float_digits = 0) ],
	[ 'b', 'e', q(xmlelement(name x, st)::text <> '<x>AA==</x>'), q(SET xmlbinary = hex) ])
{
	my ($opens, $closes, $when, $setting) = @$case;

	foreach my $relation ('own.odd', 'own.odds')
	{
		$node->safe_psql('crm', qq(SET client_min_messages = error;
			SELECT contact_guard.forget_interventions(x) FROM unnest('{own.job,own.odd,own.odds}'::regclass[]) x WHERE EXISTS (SELECT FROM pg_seclabel l WHERE l.objoid = x AND l.objsubid = 0);
			SELECT contact_guard.use_interventions('$relation', customer => 'customer', technician => 'tech', opens_at => '$opens', closes_at => '$closes', timezone => '$zone', open_when => \$w\$$when\$w\$)));
		is(scalar as($node, 'crm', 'anna', "$setting; $asked"), '', "$setting opens nothing of $relation");
	}
}
$node->safe_psql('crm', q(SELECT contact_guard.forget_interventions('own.odds')));
$node->safe_psql('crm', qq(SET client_min_messages = error;
	SELECT contact_guard.use_interventions('own.odd', customer => 'customer', technician => 'tech', opens_at => 'b', closes_at => 'e', timezone => '$zone')));
my $id = q(SELECT id, customer FROM contact_guard.open_interventions());
is(scalar as($node, 'crm', 'anna', "SET bytea_output = 'escape'; $id"), '\\x6f|1', 'nor does one alter the id of an intervention');
my (undef, $parameter) = as($node, 'crm', 'postgres',
	q(SELECT contact_guard.use_interventions('own.odd', customer => 'customer', technician => 'tech', opens_at => 'b', closes_at => 'e', timezone => 'UTC', open_when => 'customer = $3')));
like($parameter, qr/ERROR:  22023: .*"open_when" is not a single expression/, 'a condition has no parameters');
$node->safe_psql('crm', q(SELECT contact_guard.forget_interventions('own.odd')));

# A session that has asked hears of each change.
my $anna = session($node, 'crm', 'anna');
my $customer_42 = 'SELECT contact_guard.has_open_window(42::bigint)';
my $open = q(INSERT INTO own.job (id, customer, tech, b, e, state) VALUES (2000, 42, 'anna', now() - interval '1 hour', now() + interval '1 hour', 'on_site'));

sub after
{
	my ($sql, $want, $what) = @_;

	$node->safe_psql('crm', "SET client_min_messages = error; $sql");
	is($anna->query(q(SELECT EXISTS (SELECT FROM contact_guard.open_interventions() WHERE customer = '42'))), $want, $what);
	# That nobody is expected may have been seen a second ago.
	foreach (1 .. 100)
	{
		last if $want ne 't' || $anna->query($customer_42) eq 't';
		usleep(100_000);
	}
	is($anna->query($customer_42), $want, "$what: one customer");
	return;
}

use_it('own.job', 'timestamptz', q(state = 'on_site'));
after('DELETE FROM own.job WHERE customer = 42', 'f', 'no window');
after($open, 't', 'a window is opened');
after('BEGIN; SAVEPOINT s; UPDATE own.job SET tech = NULL WHERE id = 2000; ROLLBACK', 't', 'an aborted change is none');
after('CREATE INDEX other ON own.job (customer); DROP INDEX own.help', 't', 'with another index');
after('REINDEX TABLE CONCURRENTLY own.job', 't', 'the index rebuilt');
after('DROP INDEX own.other', 't', 'with none');
after('VACUUM FULL own.job', 't', 'another file');
after('ALTER TABLE own.job ADD late int DEFAULT 7', 't', 'a column that rows do not have yet');
after('CREATE TABLE own.child () INHERITS (own.job); UPDATE own.job SET customer = 43 WHERE id = 2000', 'f', 'the window is at another customer');
after($open =~ s/own\.job/own.child/r, 't', 'a child has one');
# ANALYZE sees that there is none any more: a scan of ours answers again.
after('DROP TABLE own.child; ANALYZE own.job', 'f', 'and is gone');
after('UPDATE own.job SET customer = 42 WHERE id = 2000', 't', 'it comes back');
after('ALTER TABLE own.job ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', 'f', 'row security hides it from the owner');
after('ALTER TABLE own.job DISABLE ROW LEVEL SECURITY', 't', 'and does not');
after('DROP VIEW own.jobs; REVOKE SELECT ON own.job FROM owner', '', 'an error, since the owner may not read it');
after('GRANT SELECT ON own.job TO owner', 't', 'and may');
after(q(SELECT contact_guard.protect('own.job', 'customer', '{tech}')), 'f', 'a guarded column says nothing to a question');
after(q(SELECT contact_guard.unprotect('own.job')), 't', 'and says it again');
after(q(ALTER TYPE own.state RENAME VALUE 'on_site' TO 'there'), 't', 'a label by another name is the same');
after(q(ALTER TYPE own.state RENAME VALUE 'there' TO 'on_site'), 't', 'and by the one that the policy names');
after(q(ALTER TABLE own.job ALTER b TYPE timestamp USING b AT TIME ZONE 'UTC'), 'f', 'a column without time zone, where the policy names none');
after(q(ALTER TABLE own.job ALTER b TYPE timestamptz USING b AT TIME ZONE 'UTC'), 't', 'and one with it');

# What changes while a question waits for the relation's lock.
my $other = session($node, 'crm', 'postgres');

foreach my $change ([ 'ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', 'f', 'row security' ],
	[ 'DISABLE ROW LEVEL SECURITY', 't', 'no row security' ])
{
	$other->query("BEGIN; ALTER TABLE own.job $change->[0]");
	$anna->query_until(qr/asked/, "\\echo asked\nSELECT 'it is ' || EXISTS (SELECT FROM contact_guard.open_interventions() WHERE customer = '42');\n");
	$node->poll_query_until('crm', q(SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND relation = 'own.job'::regclass)))
		or die 'nobody waits';
	$other->query('COMMIT');
	like($anna->query('SELECT 1'), qr/it is @{[ $change->[1] eq 't' ? 'true' : 'false' ]}/, "a question that waited knows of $change->[2]");
}
$other->quit;

# Its own transaction opens nothing, and the clock is not that of the transaction.
is($anna->query("BEGIN; $customer_42;"), 't', 'in a transaction');
after('UPDATE own.job SET tech = NULL WHERE id = 2000', 'f', 'a window that has just been closed is seen by a transaction that saw it open');
$anna->query('ROLLBACK');
$node->safe_psql('crm', 'GRANT ALL ON own.job TO anna');
is($anna->query("BEGIN; UPDATE own.job SET tech = 'anna' WHERE id = 2000; $customer_42; ROLLBACK"), 'f', "the reader's own change opens nothing");

# A window that is shut early is a closed one for the log, whatever the session saw a moment ago.
$node->safe_psql('crm', q(SET client_min_messages = error; DELETE FROM own.job WHERE customer = 42;
	SELECT contact_guard.protect('crm.customer', 'id', '{phone}', 'null');));
$node->safe_psql('crm', $open);
$anna->query('SELECT phone FROM crm.customer WHERE id = 41');	# reads the past
foreach (1 .. 100)
{
	last if $anna->query('SELECT phone FROM crm.customer WHERE id = 42') ne '';
	usleep(100_000);
}
$node->safe_psql('crm', 'UPDATE own.job SET e = clock_timestamp() WHERE id = 2000');
usleep(1_500_000);
is($anna->query('SELECT phone FROM crm.customer WHERE id = 42'), '', 'the window is shut');
is(log_rows($node, 'crm', q(event = 'withheld' AND customer = '42' AND reason = 'window closed')), 1, 'and the record says so');
is($node->safe_psql('crm', q(SELECT bool_and(closed_at <= read_at) FROM contact_guard.whole_log WHERE event = 'withheld' AND customer = '42' AND reason = 'window closed')),
	't', '... and when');
$anna->quit;
$node->stop;
done_testing();
