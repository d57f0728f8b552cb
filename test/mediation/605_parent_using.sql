-- what: ALTER TYPE … USING on a parent that is open
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE FUNCTION scratch.tell(text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN $1; END$$;
CREATE TABLE scratch.p (phone text);
ALTER TABLE crm.customer INHERIT scratch.p;
ALTER TABLE scratch.p ALTER phone TYPE text USING scratch.tell(phone);
