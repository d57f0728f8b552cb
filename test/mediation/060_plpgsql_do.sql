-- what: DO with loops, INTO, dynamic SQL
-- outcome: masked
DO $$DECLARE r record; v text; BEGIN
	FOR r IN SELECT * FROM crm.customer WHERE id > 30 LOOP RAISE NOTICE '% %', r.phone, r; END LOOP;
	SELECT phone INTO v FROM crm.customer WHERE id = 42;
	RAISE NOTICE '%', v;
	EXECUTE format('SELECT %I FROM crm.customer WHERE id = $1', 'mobile') INTO v USING 42;
	RAISE NOTICE '%', v;
	v := (SELECT string_agg(phone, ',') FROM crm.customer);
	RAISE WARNING '%', v;
	ASSERT (SELECT phone FROM crm.customer WHERE id = 42) <> mediation.mark(42, 'PHONE'), mediation.mark(42);
END$$;
