-- what: CHECK added to a domain that a guarded column has
-- outcome: refused 42501
\c - postgres
CREATE DOMAIN scratch.d AS text;
ALTER DOMAIN scratch.d OWNER TO anna;
CREATE TABLE scratch.t (id bigint, phone scratch.d);
INSERT INTO scratch.t VALUES (42, mediation.mark(42));
SELECT mediation.guard('scratch.t', 'id', '{phone}');
\c - anna
CREATE FUNCTION scratch.tell(text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
ALTER DOMAIN scratch.d ADD CHECK (scratch.tell(VALUE));
