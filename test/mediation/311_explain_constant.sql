-- what: EXPLAIN VERBOSE of a folded function
-- outcome: masked
CREATE FUNCTION scratch.f() RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = 42); END$$;
EXPLAIN (VERBOSE) SELECT scratch.f();
