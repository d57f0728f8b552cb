-- what: a look-up: a function in another comparison tells what the first has found
-- outcome: shown lookup
-- as: dispatcher
CREATE FUNCTION scratch.spy(bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', mediation.mark($1); RETURN 'none'; END$$;
SELECT mediation.mark(id) FROM crm.customer WHERE phone = 'GUARDED-0007-PHONE';
SELECT id FROM crm.customer WHERE phone = 'GUARDED-0042-PHONE' AND mobile = scratch.spy(42);
