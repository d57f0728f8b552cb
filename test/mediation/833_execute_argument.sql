-- what: the argument of EXECUTE is a mask, which the prepared statement stores
-- outcome: refused 42501
CREATE FUNCTION scratch.phone_of(bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
CREATE TABLE scratch.t (phone text);
PREPARE p (text) AS INSERT INTO scratch.t VALUES ($1);
EXECUTE p (scratch.phone_of(42));
