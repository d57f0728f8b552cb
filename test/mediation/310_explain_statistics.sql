-- what: EXPLAIN: estimates from most common values
-- outcome: masked
-- touches: no
\c - postgres
CREATE TABLE scratch.t (id bigint, phone text);
INSERT INTO scratch.t SELECT i, CASE WHEN i < 600 THEN mediation.mark(42) ELSE 'x' || i END FROM generate_series(1, 1000) i;
ANALYZE scratch.t;
GRANT SELECT ON scratch.t TO anna;
SELECT mediation.guard('scratch.t', 'id', '{phone}');
\c - anna
DO $$DECLARE r json; BEGIN
	EXECUTE 'EXPLAIN (FORMAT json) SELECT FROM scratch.t WHERE phone = mediation.mark(42)' INTO r;
	IF (r -> 0 -> 'Plan' ->> 'Plan Rows')::int > 500 THEN RAISE NOTICE '%', mediation.mark(42); END IF;
END$$;
