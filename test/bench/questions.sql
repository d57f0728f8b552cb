-- The questions of auditors, over the log that log.sql makes; each twice, the second time
-- with everything in memory.  Times are of the last complete day and month of the log.
--
--	psql -U auditor -f test/bench/questions.sql
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
SET TimeZone = 'UTC';
SELECT date_trunc('day', now()) AS today, date_trunc('day', now()) - interval '1 day' AS yesterday,
       date_trunc('month', now()) AS this_month, date_trunc('month', now()) - interval '1 month' AS last_month \gset
\set commands ''
CREATE FUNCTION pg_temp.ask(what text, goal float8, question text) RETURNS TABLE (line text) LANGUAGE plpgsql AS $$
DECLARE
	rows  bigint;
	began timestamptz;
	first float8;
	again float8;
BEGIN
	FOR turn IN 1 .. 2 LOOP
		began := clock_timestamp();
		EXECUTE 'SELECT count(*) FROM (' || question || ') q' INTO rows;
		again := extract(epoch FROM clock_timestamp() - began) * 1000;
		first := coalesce(first, again);
	END LOOP;
	RETURN QUERY SELECT format('%s %s ms, again %s ms, %s rows%s', rpad(what, 44), to_char(first, '999990.0'), to_char(again, '999990.0'), rows,
	                           CASE WHEN again > goal THEN format('  NOT UNDER %s', goal) ELSE format('  (goal: under %s)', goal) END);
END
$$;
SELECT pg_temp.ask('who_read, all the time', 50, $$SELECT * FROM contact_guard.who_read('4711')$$);
SELECT pg_temp.ask('who_read, a month', 50, format('SELECT * FROM contact_guard.who_read(''4712'', %L, %L)', :'last_month', :'this_month'));
SELECT pg_temp.ask('reads_by, a day', 50, format('SELECT * FROM contact_guard.reads_by(''technician_7'', %L, %L)', :'yesterday', :'today'));
SELECT pg_temp.ask('reads_by of a rare actor, all the time', 50, $$SELECT * FROM contact_guard.reads_by('postgres')$$);
SELECT pg_temp.ask('withheld_attempts, a day', 200, format('SELECT * FROM contact_guard.withheld_attempts(%L, %L)', :'yesterday', :'today'));
SELECT pg_temp.ask('withheld_attempts, a month', 2000, format('SELECT * FROM contact_guard.withheld_attempts(%L, %L)', :'last_month', :'this_month'));
SELECT pg_temp.ask('refused_attempts, a day', 200, format('SELECT * FROM contact_guard.refused_attempts(%L, %L)', :'yesterday', :'today'));
SELECT pg_temp.ask('refused_attempts, a month', 2000, format('SELECT * FROM contact_guard.refused_attempts(%L, %L)', :'last_month', :'this_month'));
SELECT pg_temp.ask('reads_after_close, a day', 200, format('SELECT * FROM contact_guard.reads_after_close(%L, %L)', :'yesterday', :'today'));
SELECT pg_temp.ask('reads_after_close, a month', 2000, format('SELECT * FROM contact_guard.reads_after_close(%L, %L)', :'last_month', :'this_month'));
SELECT pg_temp.ask('access_log, newest ten by seq', 10, 'SELECT * FROM contact_guard.access_log ORDER BY seq DESC LIMIT 10');
SELECT pg_temp.ask('access_log, newest ten by read_at', 10, 'SELECT * FROM contact_guard.access_log ORDER BY read_at DESC LIMIT 10');
SELECT pg_temp.ask('access_log, policy of a month', 200, format('SELECT * FROM contact_guard.access_log WHERE event = ''policy'' AND read_at >= %L AND read_at < %L', :'last_month', :'this_month'));
SELECT pg_temp.ask('access_log, a record by seq', 10, 'SELECT * FROM contact_guard.access_log WHERE seq = -4711');
