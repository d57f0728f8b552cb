-- what: setval() with the length of a mask that a function returns
-- outcome: refused 42501
CREATE FUNCTION scratch.phone_of(bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
CREATE SEQUENCE scratch.s;
SELECT setval('scratch.s', length(scratch.phone_of(42)));
