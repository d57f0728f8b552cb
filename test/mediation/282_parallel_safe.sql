-- what: a function that calls itself PARALLEL SAFE
-- outcome: refused 0A000
CREATE FUNCTION scratch.f() RETURNS text PARALLEL SAFE STABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = 42); END$$;
SET :forced_parallel = on;
SELECT scratch.f();
