# What a hostile reviewer found on the side of later looks, carriers and large reads.

use strict;
use warnings;

use FindBin;
use lib "$FindBin::RealBin/lib";
use Guarded;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);
use Wire;

my $node = guard_node('enemy2', 'max_prepared_transactions = 5');
make_roles($node);
make_crm($node, 'crm', 100);
$node->safe_psql('crm', q(
	CREATE SCHEMA anna AUTHORIZATION anna;
	CREATE FUNCTION crm.phones(lowest int, highest int) RETURNS SETOF text LANGUAGE plpgsql AS
		$$BEGIN RETURN QUERY SELECT phone FROM crm.customer WHERE id BETWEEN lowest AND highest ORDER BY id; END$$;
	CREATE FUNCTION crm.phone(wanted int) RETURNS text LANGUAGE plpgsql IMMUTABLE AS
		$$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = wanted); END$$;
	CREATE FUNCTION crm.fetched(name refcursor) RETURNS text LANGUAGE plpgsql AS
		$$DECLARE r text; BEGIN FETCH ABSOLUTE 1 FROM name INTO r; RETURN r; END$$;
	CREATE PROCEDURE crm.keep(what text) LANGUAGE plpgsql AS $$DECLARE c refcursor := 'h'; r text;
		BEGIN EXECUTE 'DECLARE h SCROLL CURSOR WITH HOLD FOR ' || what; FETCH c INTO r; COMMIT; END$$;
	CREATE PROCEDURE crm.keep_later(what text) LANGUAGE plpgsql AS $$DECLARE c refcursor := 'h'; r text;
		BEGIN EXECUTE 'DECLARE h SCROLL CURSOR WITH HOLD FOR ' || what; FETCH c INTO r; FETCH c INTO r; PERFORM 1; COMMIT; END$$;
));
my $admin = session($node, 'crm', 'postgres');
sub windows
{
	my ($open) = @_;
	my $until = $open ? "now() + interval '1 day'" : "now() - interval '1 second'";
	$admin->query("UPDATE crm.intervention SET ends_at = $until WHERE customer_id <= 5");
	return;
}

# 1. A cursor that is made, read and held within one call
my $all = 'SELECT * FROM crm.phones(3, 4)';
foreach my $case (
	[ "CALL crm.keep('$all')" ], [ "CALL crm.keep_later('$all')" ],
	[ qq(DO \$x\$DECLARE c refcursor := 'h'; r text; BEGIN EXECUTE 'DECLARE h SCROLL CURSOR WITH HOLD FOR $all'; FETCH c INTO r; COMMIT; END\$x\$) ],
	[ "BEGIN; DECLARE h SCROLL CURSOR WITH HOLD FOR $all; FETCH h; COMMIT" ],
	[ "CALL crm.keep('SELECT crm.phone(3)')" ], [ 'DECLARE h SCROLL CURSOR WITH HOLD FOR SELECT crm.phone(3)' ])
{
	my ($make) = @$case;
	foreach my $again ('FETCH FIRST FROM h', q(SELECT crm.fetched('h')), q(SELECT cursor_to_xml('h', 2, true, true, '')),
		q(DO $$DECLARE c refcursor := 'h'; r text; BEGIN FETCH ABSOLUTE 1 FROM c INTO r; RAISE NOTICE '%', r; END$$))
	{
		windows(1);
		my $anna = Wire->new($node, 'crm', 'anna');
		is(Wire::states($anna->query($make)), '', substr($make, 0, 40) . ' is made');
		my $shown = phone_of(3);
		like(join(' ', map { map { $_ // '' } @$_ } Wire::rows($anna->query('FETCH FIRST FROM h'))), qr/$shown/, '... and shows');
		is(Wire::states($anna->query($again)), '', "... $again goes on");
		windows(0);
		# A look is good for a second
		sleep 1;
		my @messages = $anna->query($again);
		is(Wire::states(@messages), '55000', "... after the closing $again is refused");
		$anna->quit;
	}
}
# ... while a held cursor of what is open goes on, and one of nothing guarded
{
	windows(1);
	my $anna = Wire->new($node, 'crm', 'anna');
	$anna->query(q(CALL crm.keep('SELECT * FROM crm.phones(6, 7)')));
	$anna->query('DECLARE free SCROLL CURSOR WITH HOLD FOR SELECT word FROM crm.plain LIMIT 3');
	windows(0);
	sleep 1;
	is_deeply([ Wire::rows($anna->query('FETCH FIRST FROM h')) ], [ [ phone_of(6) ] ], 'what is open goes on');
	is_deeply([ Wire::rows($anna->query('FETCH FIRST FROM free')) ], [ ['word 1'] ], 'and so does what is not guarded');
	is_deeply([ Wire::rows($anna->query(q(SELECT crm.fetched('free')))) ], [ ['word 1'] ], 'in a function, too');
	$anna->quit;
}

# 2. EXPLAIN prints what planning was shown
foreach my $explain ('EXPLAIN VERBOSE EXECUTE p', 'EXPLAIN (VERBOSE, FORMAT json) EXECUTE p', 'EXPLAIN EXECUTE q')
{
	windows(1);
	my $anna = Wire->new($node, 'crm', 'anna');
	my $shown = phone_of(3);
	$anna->query('PREPARE p AS SELECT crm.phone(3), 1');
	$anna->query('PREPARE q AS SELECT id FROM crm.plain WHERE word = crm.phone(3)');
	$anna->query('BEGIN ISOLATION LEVEL REPEATABLE READ; DECLARE c CURSOR FOR SELECT generate_series(1, 10); FETCH c; EXECUTE p; EXECUTE q');
	like(join(' ', map { @$_ } Wire::rows($anna->query($explain))), qr/$shown/, "$explain shows the constant");
	$anna->query('SAVEPOINT s');
	windows(0);
	my @messages = $anna->query($explain);
	is(Wire::states(@messages), '55000', '... and after the closing is refused');
	unlike(join(' ', map { map { $_ // '' } @$_ } Wire::rows(@messages)), qr/$shown/, '... without the constant');
	$anna->quit;
}

# 3. A value leaves by way of a carrier after its record is there
windows(1);
$node->safe_psql('crm', q(
	SET ROLE anna; SET client_min_messages = error;
	CREATE FUNCTION anna.say(t text) RETURNS bool LANGUAGE sql VOLATILE AS $$SELECT set_config('application_name', t, false) IS NOT NULL$$;
	CREATE DOMAIN anna.spy AS text CHECK (anna.say(VALUE));
	CREATE TABLE anna.v AS SELECT 1 AS x;
	CREATE FUNCTION anna.less(text, text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RETURN $1 < $2; END$$;
	CREATE OPERATOR anna.=== (LEFTARG = text, RIGHTARG = text, FUNCTION = anna.less)));
my %eager = (
	'a type of XMLTABLE' => q(SELECT x.v FROM crm.customer c, XMLTABLE('/a' PASSING xmlelement(name a, c.phone) COLUMNS v anna.spy PATH '.') x WHERE id = 3),
	'a table as XML' => q(SELECT table_to_xml(('anna.' || chr(118 + length(phone) * 0))::regclass, true, false, '') FROM crm.customer WHERE id = 3),
	'a schema as XML' => q(SELECT schema_to_xml(('anna' || left(phone, 0))::name, true, false, '') FROM crm.customer WHERE id = 3),
	'a pause' => q(SELECT pg_sleep(length(phone) * 0.001) FROM crm.customer WHERE id = 3),
	'a pause for some' => q(SELECT CASE WHEN phone LIKE '06%' THEN pg_sleep(0.01) END FROM crm.customer WHERE id = 3),
	'an operator' => q(SELECT phone OPERATOR(anna.===) 'x' FROM crm.customer WHERE id = 3));
my %free = (
	'common functions' => q(SELECT upper(phone), length(phone), left(phone, 2) || '…', coalesce(phone, name), to_char(now(), 'YYYY'), format('%s %s', name, phone), regexp_replace(phone, '^0', '+33') FROM crm.customer WHERE id = 3),
	'aggregates' => q(SELECT count(*), string_agg(phone, ',' ORDER BY id), max(phone), json_agg(phone), array_agg(DISTINCT phone) FROM crm.customer WHERE id <= 3 GROUP BY name ORDER BY 1, 2),
	'windows and joins' => q(WITH c AS (SELECT id, phone, row_number() OVER (ORDER BY phone) FROM crm.customer) SELECT * FROM c JOIN crm.plain USING (id) WHERE phone IN ('x', 'y') OR id = 3 UNION SELECT 1, 'x', 2, 'y'),
	'XML and CASE' => q(SELECT xmlelement(name a, phone), CASE WHEN phone LIKE '06%' THEN phone::varchar(3) ELSE 'x' END, row(phone), phone = ANY (ARRAY['x']) FROM crm.customer WHERE id = 3));
# As often as a record is made durable by itself, WAL is written: for each customer, or
# once for all of them.
sub writes
{
	my ($sql) = @_;
	my $asked = 'SELECT pg_stat_force_next_flush(); SELECT '
	  . ($node->pg_version->major < 18 ? 'wal_write FROM pg_stat_wal' : q(sum(writes) FROM pg_stat_io WHERE object = 'wal'));
	$node->safe_psql('crm', 'SELECT contact_guard.sync()');
	my $before = (split /\n/, $node->safe_psql('crm', $asked))[-1];
	my $anna = Wire->new($node, 'crm', 'anna');
	my $states = Wire::states($anna->query($sql));
	$anna->quit;
	sleep 1;
	my $after = (split /\n/, $node->safe_psql('crm', $asked))[-1];
	return $states ? "error $states" : $after - $before;
}
foreach my $what (sort keys %eager)
{
	my $writes = writes($eager{$what} =~ s/WHERE id <?= 3/WHERE id <= 60/r);
	cmp_ok($writes, '>=', 20, "$what: each record is durable before the value is handed on");
}
foreach my $what (sort keys %free)
{
	my $writes = writes($free{$what} =~ s/WHERE id <?= 3/WHERE id <= 60/r);
	like($writes, qr/^\d+$/, "$what: no error");
	cmp_ok($writes =~ /^\d+$/ ? $writes : 999, '<', 15, '... and the records are made durable together');
}

# 4. An actor with more windows than ten thousand
$node->safe_psql('crm', q(
	CREATE TABLE crm.client (id int PRIMARY KEY, name text, phone text);
	INSERT INTO crm.client SELECT i, md5(i::text), '06' || i FROM generate_series(1, 12000) i;
	INSERT INTO crm.intervention (customer_id, technician, starts_at, ends_at, status)
		SELECT i, 'eve', now() - interval '1 h', now() + interval '1 day', 'on_site' FROM generate_series(1, 12000) i;
	GRANT SELECT ON crm.client TO eve;
	SELECT contact_guard.protect('crm.client', 'id', '{phone}', 'null');
	ANALYZE));
{
	my $eve = Wire->new($node, 'crm', 'eve');
	my $began = time;
	my @rows = Wire::rows($eve->query('SELECT phone FROM crm.client ORDER BY name', 100));
	my $took = time - $began;
	is(scalar(grep { defined $_->[0] && $_->[0] =~ /^06/ } @rows), 12000, 'twelve thousand are shown');
	cmp_ok($took, '<', 10, "... in a few seconds ($took)");
	is(Wire::states($eve->query('BEGIN; DECLARE c SCROLL CURSOR FOR SELECT phone FROM crm.client ORDER BY name; FETCH 11000 FROM c', 100)), '', 'a cursor shows eleven thousand');
	is(Wire::states($eve->query('SELECT pg_sleep(1.1); FETCH 10 FROM c', 100)), '', '... and goes on');
	is(Wire::states($eve->query('FETCH FIRST FROM c', 100)), '', '... and back');
	$node->safe_psql('crm', q(UPDATE crm.intervention SET ends_at = now() - interval '1 s' WHERE technician = 'eve' AND customer_id = (SELECT id FROM crm.client ORDER BY name OFFSET 5000 LIMIT 1)));
	is(Wire::states($eve->query('FETCH NEXT FROM c', 100)), '55000', '... until one of them has closed');
	$eve->query('ROLLBACK');
	$node->safe_psql('crm', q(UPDATE crm.intervention SET ends_at = now() + interval '1 h' WHERE technician = 'eve'));
	# One that was never shown may close
	is(Wire::states($eve->query('BEGIN; DECLARE c SCROLL CURSOR FOR SELECT phone FROM crm.client WHERE id > 1 ORDER BY name; FETCH 11000 FROM c', 100)), '', 'another cursor');
	$node->safe_psql('crm', q(UPDATE crm.intervention SET ends_at = now() - interval '1 s' WHERE technician = 'eve' AND customer_id = 1));
	is(Wire::states($eve->query('FETCH FIRST FROM c', 100)), '', '... does not mind the closing of what it has not shown');
	$eve->query('ROLLBACK');

	# A look at all of them is good for a second, too
	$eve->put(Wire::simple('SELECT phone FROM crm.client, pg_sleep(0) WHERE id <= 100 OR (id > 11990 AND pg_sleep(0.4) IS NOT NULL)'));
	select undef, undef, undef, 0.8;
	$node->safe_psql('crm', q(UPDATE crm.intervention SET ends_at = now() - interval '1 s' WHERE technician = 'eve' AND customer_id > 11990));
	my @late = Wire::rows($eve->until_ready);
	my $clear = grep { defined $_->[0] && $_->[0] =~ /^0611/ } @late[-10 .. -1];
	cmp_ok($clear, '<', 7, "... and the windows that close meanwhile show no more ($clear)");
	$eve->quit;
}
$admin->quit;
done_testing();
