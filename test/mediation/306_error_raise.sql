-- what: RAISE with every field
-- outcome: masked
-- error: P0001
DO $$DECLARE v text; BEGIN
	SELECT phone INTO v FROM crm.customer WHERE id = 42;
	RAISE EXCEPTION '%', v USING DETAIL = v, HINT = v, COLUMN = v, TABLE = v;
END$$;
