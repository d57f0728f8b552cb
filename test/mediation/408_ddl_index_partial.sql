-- what: a partial index
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE FUNCTION scratch.tell(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
CREATE INDEX ON crm.customer (id) WHERE scratch.tell(phone);
