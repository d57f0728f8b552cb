-- what: hidden rows: counted
-- outcome: masked
-- touches: no
DO $$BEGIN
	IF (SELECT count(*) FROM crm.depot) > 1 OR (SELECT count(*) FROM crm.area WHERE customer_id <> 7) > 0 THEN
		RAISE NOTICE '%', mediation.mark(42);
	END IF;
END$$;
