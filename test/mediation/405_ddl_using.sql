-- what: ALTER COLUMN … TYPE … USING
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE FUNCTION scratch.tell(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN $1; END$$;
ALTER TABLE crm.customer ALTER city TYPE text USING scratch.tell(phone);
