-- what: an operator of one's own before pg_catalog's
-- outcome: masked
CREATE FUNCTION scratch.tell(text, text) RETURNS bool COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
CREATE OPERATOR scratch.= (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.tell);
SET search_path = scratch, pg_catalog;
SELECT id FROM crm.customer WHERE phone = 'x';
