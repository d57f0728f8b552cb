-- what: the function of a trigger, replaced; UPDATE
-- outcome: refused 42501
-- as: owner
-- touches: no
\c - postgres
CREATE FUNCTION scratch.tell() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
ALTER FUNCTION scratch.tell OWNER TO owner;
CREATE TABLE scratch.t (id bigint, phone text);
INSERT INTO scratch.t VALUES (42, mediation.mark(42));
CREATE TRIGGER tell BEFORE UPDATE ON scratch.t FOR EACH ROW EXECUTE FUNCTION scratch.tell();
ALTER TABLE scratch.t OWNER TO owner;
ALTER FUNCTION scratch.tell SET search_path = scratch, pg_temp;
SELECT contact_guard.trust_function('scratch.tell()', 'the suite');
SELECT mediation.guard('scratch.t', 'id', '{phone}');
\c - owner
CREATE OR REPLACE FUNCTION scratch.tell() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', OLD; RETURN NEW; END$$;
UPDATE scratch.t SET id = id;
