-- what: ALTER TABLE stores what a default reads
-- outcome: refused 42501
CREATE FUNCTION scratch.phone_of(bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
CREATE TABLE scratch.t AS SELECT 1 AS i;
ALTER TABLE scratch.t ADD phone text DEFAULT scratch.phone_of(42);
