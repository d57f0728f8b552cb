-- what: a mask in a kept plan of a SELECT, which a table is made of
-- outcome: refused 42501
CREATE FUNCTION scratch.folded(bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
PREPARE p AS SELECT scratch.folded(42) AS phone;
EXECUTE p;
CREATE TABLE scratch.t AS EXECUTE p;
