-- what: hidden rows: the counts of EXPLAIN ANALYZE
-- outcome: masked
-- touches: no
DO $$DECLARE r text; BEGIN
	FOR r IN EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT FROM crm.depot LOOP
		IF r ~ 'actual rows=60(\.00)? ' THEN RAISE NOTICE '%', mediation.mark(42); END IF;
	END LOOP;
	FOR r IN EXPLAIN (ANALYZE, COSTS off, TIMING off, SUMMARY off) SELECT FROM crm.depot WHERE note LIKE 'GUARDED-0042%' LOOP
		IF r ~ 'actual rows=1(\.00)? ' THEN RAISE NOTICE '%', mediation.mark(42); END IF;
	END LOOP;
END$$;
