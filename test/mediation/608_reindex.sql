-- what: a function of an index that was there before, replaced; REINDEX
-- outcome: masked
-- as: owner
-- touches: no
\c - postgres
CREATE TABLE scratch.t (id bigint, phone text);
CREATE FUNCTION scratch.tell(text) RETURNS text IMMUTABLE LANGUAGE sql RETURN $1;
ALTER FUNCTION scratch.tell OWNER TO owner;
INSERT INTO scratch.t VALUES (42, mediation.mark(42));
CREATE INDEX i ON scratch.t (scratch.tell(phone));
ALTER TABLE scratch.t OWNER TO owner;
SELECT mediation.guard('scratch.t', 'id', '{phone}');
\c - owner
\set ON_ERROR_STOP off
CREATE OR REPLACE FUNCTION scratch.tell(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN $1; END$$;
REINDEX TABLE scratch.t;
