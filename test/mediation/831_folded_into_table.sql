-- what: a function marked IMMUTABLE, folded while CREATE TABLE AS is planned
-- outcome: refused 42501
CREATE FUNCTION scratch.folded(bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
CREATE TABLE scratch.t AS SELECT scratch.folded(42);
