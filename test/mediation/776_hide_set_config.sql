-- what: hidden rows: the role changes within a function
-- outcome: masked
-- touches: no
CREATE FUNCTION scratch.f() RETURNS void LANGUAGE plpgsql AS $$DECLARE r record; BEGIN
	PERFORM set_config('role', 'bob', true);
	FOR r IN SELECT note FROM crm.depot LOOP RAISE NOTICE '%', mediation.mark(42); END LOOP;
END$$;
SELECT scratch.f();
SELECT note FROM crm.depot;
