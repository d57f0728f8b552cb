-- A large access log, for measurements: :rows records in the :months months that end now.
--
--	psql -v rows=5000000 -v months=12 -f test/bench/log.sql
--
-- A superuser runs this in a database that has the extension, on a server WITHOUT the
-- library (shared_preload_libraries = ''), since nobody else may write these tables.
-- Afterwards the server is restarted with the library.
--
-- The records have the numbers -:rows to -1: so they stand in front of the records that
-- the recorder makes, which goes on, and the tree knows nothing of them.
--
-- Of a thousand records 740 are shown values, 160 are withheld ones (60 of them name a
-- customer after an intervention), 60 look-ups, 35 readings of the log, 4 refusals and one
-- a change of policy; and each day has ten bulk reads.  There are 200 technicians, ten
-- dispatchers, a million customers (or -v customers=n) and 50 statements.
\set ON_ERROR_STOP on
\if :{?customers}
\else
\set customers 1000000
\endif
SET synchronous_commit = off;
SET maintenance_work_mem = '1GB';
SELECT setseed(0.5);

INSERT INTO contact_guard.query_text
	SELECT i, 'SELECT name, phone FROM crm.customer WHERE id = $1 AND kind = ' || i, date_trunc('month', now(), 'UTC')
	  FROM generate_series(1, 50) i ON CONFLICT DO NOTHING;

-- What many of them have in common, as src/log/logcommon.c stores it: a row for the shown
-- values of roles and of interventions, and for the withheld ones of a month.
CREATE FUNCTION pg_temp.common(month timestamptz, what integer) RETURNS integer LANGUAGE sql IMMUTABLE AS
	$$SELECT 1000000 + 3 * (extract(year FROM month AT TIME ZONE 'UTC')::int * 12 + extract(month FROM month AT TIME ZONE 'UTC')::int) + what$$;

CREATE FUNCTION pg_temp.make_records(month timestamptz, first bigint, last bigint, day_rows bigint, customers integer) RETURNS void
	LANGUAGE plpgsql AS $$
DECLARE
	name     text := 'log_' || to_char(month AT TIME ZONE 'UTC', 'YYYY_MM');
	is_there boolean := to_regclass('contact_guard.' || name) IS NOT NULL;
	span     interval := least(now(), month + interval '1 month') - month;
BEGIN
	-- As src/log/accesslog.c makes a month; indexes come with ATTACH PARTITION.
	IF is_there THEN
		EXECUTE format('ALTER TABLE contact_guard.log DETACH PARTITION contact_guard.%I', name);
	ELSE
		EXECUTE format('CREATE TABLE contact_guard.%I (LIKE contact_guard.log INCLUDING ALL EXCLUDING INDEXES)', name);
		EXECUTE format('ALTER TABLE contact_guard.%I '
			'ALTER actor SET STATISTICS 0, ALTER login SET STATISTICS 0, ALTER customer SET STATISTICS 0, '
			'ALTER intervention SET STATISTICS 0, ALTER purpose SET STATISTICS 0, ALTER reason SET STATISTICS 0, '
			'ALTER client SET STATISTICS 0, ALTER application SET STATISTICS 0, ALTER session SET STATISTICS 0', name);
	END IF;
	INSERT INTO contact_guard.log_common
		SELECT pg_temp.common(month, what), month, 'crm.customer', '{phone}', 1, purpose, reason, true
		  FROM (VALUES (0, 'planning', 'by role dispatcher'), (1, 'intervention', NULL), (2, NULL, 'window closed')) AS v(what, purpose, reason);
	EXECUTE format($f$
		INSERT INTO contact_guard.%I (seq, read_at, event, actor, login, relation, columns, customer, count, intervention,
		                              closed_at, purpose, reason, client, application, session, statement, query_id,
		                              actor_salt, common, leaf_version, opens_at, closes_at)
		SELECT seq, at, event, who, CASE WHEN what IS NULL THEN who END, CASE WHEN what IS NULL THEN 'crm.customer' END,
		       CASE WHEN what IS NULL THEN '{phone}'::text[] END,
		       CASE WHEN event = 'shown' OR visited THEN customer END,
		       CASE WHEN what IS NULL THEN CASE event WHEN 'lookup' THEN 0 WHEN 'bulk' THEN 200000 WHEN 'withheld' THEN CASE WHEN visited THEN 1 ELSE 50 END ELSE 1 END END,
		       CASE WHEN (event = 'shown' AND NOT permitted) OR visited THEN customer END,
		       CASE WHEN visited AND r < 790 THEN at - interval '2 hours' END,
		       CASE WHEN event IN ('lookup', 'bulk') THEN 'planning' END,
		       CASE WHEN event IN ('lookup', 'bulk') THEN 'by role dispatcher' WHEN event = 'withheld' AND NOT visited THEN 'no window'
		            WHEN event = 'refused' THEN '42501: permission denied to do something' END,
		       '[local]', 'crm', to_hex(1700000000 + g / 1000) || '.' || to_hex(abs(g) / 100 %% 32768), abs(g) / 3 %% 1000 + 1, abs(g) %% 50 + 1,
		       salt, pg_temp.common($2, what), 2,
		       CASE WHEN event = 'shown' AND NOT permitted THEN at - interval '20 minutes' END,
		       CASE WHEN event = 'shown' AND NOT permitted THEN at + interval '40 minutes' END
		  FROM (SELECT s.*, CASE WHEN event = 'shown' THEN CASE WHEN permitted THEN 0 ELSE 1 END WHEN visited THEN 2 END AS what
		  FROM (SELECT g, $1 + (g - $3) AS seq, $2 + $5 * ((g - $3)::float8 / ($4 - $3 + 1)) AS at,
		               CASE WHEN g %% greatest($6 / 10, 1) = 0 THEN 'bulk' WHEN r < 740 THEN 'shown' WHEN r < 900 THEN 'withheld'
		                    WHEN r < 960 THEN 'lookup' WHEN r < 995 THEN 'audit_read' WHEN r < 999 THEN 'refused' ELSE 'policy' END AS event,
		               r, r >= 740 AND r < 800 AND g %% greatest($6 / 10, 1) <> 0 AS visited, g %% 4 = 0 AS permitted,
		               CASE WHEN g %% 4 = 0 OR (r >= 900 AND r < 960) THEN 'dispatcher_' || abs(g) / 4 %% 10 ELSE 'technician_' || abs(g) / 3 %% 200 END AS who,
		               c AS customer, substr(sha256(int8send(g)), 1, 16) AS salt
		          FROM (SELECT g, floor(random() * 1000)::int AS r, floor(random() * $7)::int::text AS c FROM generate_series($3, $4) g) s) s) s
		$f$, name)
		USING first, month, first, last, span, day_rows, customers;
	EXECUTE format('ALTER TABLE contact_guard.log ATTACH PARTITION contact_guard.%I FOR VALUES FROM (%L) TO (%L)',
	               name, month, month + interval '1 month');
	IF NOT is_there THEN
		EXECUTE format('ALTER EXTENSION contact_guard ADD TABLE contact_guard.%I', name);
	END IF;
END
$$;

SET TimeZone = 'UTC';
-- The newest month first, each in a transaction of its own: one may stop in between.
SELECT format('SELECT pg_temp.make_records(%L, %s, %s, %s, %s)', date_trunc('month', now()) - (:months - 1 - m) * interval '1 month',
              -:rows::bigint + :rows::bigint * m / :months, -:rows::bigint + :rows::bigint * (m + 1) / :months - 1,
              :rows::bigint / (:months * 30), :customers)
  FROM generate_series(0, :months - 1) m ORDER BY m DESC
\gexec
VACUUM ANALYZE contact_guard.log;
VACUUM ANALYZE contact_guard.query_text;
