-- what: a cheap function that tells, where no row survives
-- outcome: masked
CREATE FUNCTION scratch.tell(text) RETURNS bool COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN false; END$$;
SELECT id FROM crm.customer WHERE scratch.tell(phone) AND id > 40;
