-- what: an exception handler tells the value
-- outcome: masked
DO $$BEGIN
	PERFORM (SELECT phone FROM crm.customer WHERE id = 42)::int;
EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLERRM;
END$$;
