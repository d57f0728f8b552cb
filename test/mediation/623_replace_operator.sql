-- what: the function behind an operator in an index, replaced; REINDEX
-- outcome: refused 42501
-- as: owner
-- touches: no
\c - postgres
CREATE FUNCTION scratch.tell(text, text) RETURNS bool IMMUTABLE LANGUAGE sql RETURN true;
ALTER FUNCTION scratch.tell OWNER TO owner;
CREATE OPERATOR scratch.~~~ (FUNCTION = scratch.tell, LEFTARG = text, RIGHTARG = text);
CREATE TABLE scratch.t (id bigint, phone text);
INSERT INTO scratch.t VALUES (42, mediation.mark(42));
CREATE INDEX i ON scratch.t (id) WHERE phone OPERATOR(scratch.~~~) '';
ALTER TABLE scratch.t OWNER TO owner;
SELECT mediation.guard('scratch.t', 'id', '{phone}');
\c - owner
CREATE OR REPLACE FUNCTION scratch.tell(text, text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
REINDEX TABLE scratch.t;
