-- what: EXPLAIN ANALYZE: counts of a guess
-- outcome: masked
SELECT count(*) FROM crm.customer WHERE phone = mediation.mark(42, 'PHONE');
DO $$DECLARE r text; BEGIN
	FOR r IN EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT FROM crm.customer WHERE phone LIKE 'GUARDED-0042%' LOOP
		IF r ~ 'actual rows=1(\.00)? ' THEN RAISE NOTICE '%', mediation.mark(42); END IF;
	END LOOP;
END$$;
