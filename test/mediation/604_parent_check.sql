-- what: CHECK added to a parent that is open
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE FUNCTION scratch.tell(text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
CREATE TABLE scratch.p (phone text);
ALTER TABLE crm.customer INHERIT scratch.p;
ALTER TABLE scratch.p ADD CHECK (scratch.tell(phone));
