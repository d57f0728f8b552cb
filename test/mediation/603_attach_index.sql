-- what: an expression index on a parent that is open
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE FUNCTION scratch.tell(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN $1; END$$;
CREATE TABLE scratch.p (id bigint NOT NULL, name text NOT NULL, city text, phone text, mobile varchar(40), email text) PARTITION BY RANGE (id);
CREATE INDEX ON scratch.p (scratch.tell(phone));
ALTER TABLE scratch.p ATTACH PARTITION crm.customer DEFAULT;
