-- what: a value that is folded into an index expression does not outlive the statement
-- outcome: refused 42501
CREATE FUNCTION scratch.imm(bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN 'x'; END$$;
CREATE TABLE scratch.t (v text);
CREATE INDEX ON scratch.t ((v || scratch.imm(42)));
CREATE OR REPLACE FUNCTION scratch.imm(bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
\c
SELECT count(*) FROM scratch.t;
INSERT INTO scratch.t VALUES ('a');
