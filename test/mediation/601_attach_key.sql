-- what: ATTACH to a parent whose partition key is a function that tells
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE FUNCTION scratch.tell(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN 'a'; END$$;
CREATE TABLE scratch.p (id bigint NOT NULL, name text NOT NULL, city text, phone text, mobile varchar(40), email text) PARTITION BY LIST (scratch.tell(phone));
ALTER TABLE scratch.p ATTACH PARTITION crm.customer FOR VALUES IN ('a');
