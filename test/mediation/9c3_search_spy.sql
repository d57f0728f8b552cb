-- what: a search: a function in its condition is no part of it
-- outcome: shown
-- as: dispatcher
CREATE FUNCTION scratch.spy(bigint) RETURNS bool STABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', mediation.mark($1); RETURN false; END$$;
SELECT mediation.mark(id) FROM crm.customer WHERE phone ~ '0007';
SELECT id FROM crm.customer WHERE phone ~ '0042' OR scratch.spy(id);
