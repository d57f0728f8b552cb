-- what: a function of a domain's check, replaced
-- outcome: refused 42501
-- as: owner
-- touches: no
\c - postgres
CREATE FUNCTION scratch.tell(text) RETURNS bool IMMUTABLE LANGUAGE sql RETURN true;
ALTER FUNCTION scratch.tell OWNER TO owner;
CREATE DOMAIN scratch.phone AS text CHECK (scratch.tell(value));
CREATE TABLE scratch.t (id bigint, phone scratch.phone);
INSERT INTO scratch.t VALUES (42, mediation.mark(42));
ALTER TABLE scratch.t OWNER TO owner;
SELECT mediation.guard('scratch.t', 'id', '{phone}');
\c - owner
CREATE OR REPLACE FUNCTION scratch.tell(text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
ALTER TABLE scratch.t ADD COLUMN n int DEFAULT random() * 1;
