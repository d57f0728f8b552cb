-- what: a NOTICE in a subtransaction that fails
-- outcome: shown
DO $$BEGIN
	BEGIN
		RAISE NOTICE '%', (SELECT phone FROM crm.customer WHERE id = 7);
		RAISE EXCEPTION 'x';
	EXCEPTION WHEN OTHERS THEN NULL;
	END;
END$$;
