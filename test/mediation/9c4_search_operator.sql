-- what: a search: an operator with the name of a built-in one gets what is on record
-- outcome: shown
-- as: dispatcher
CREATE FUNCTION scratch.tell(text, text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
CREATE OPERATOR scratch.~~* (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.tell);
SET search_path = scratch, pg_catalog;
SELECT id FROM crm.customer WHERE phone ~~* 'x';
