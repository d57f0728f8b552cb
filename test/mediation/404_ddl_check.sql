-- what: ADD CHECK
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE FUNCTION scratch.tell(text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
ALTER TABLE crm.customer ADD CHECK (scratch.tell(phone));
