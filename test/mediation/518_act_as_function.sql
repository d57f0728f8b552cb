-- what: act_as within the statement
-- outcome: masked
-- as: pool
CREATE FUNCTION scratch.f() RETURNS text LANGUAGE plpgsql AS $$BEGIN PERFORM contact_guard.act_as('bob'); RETURN (SELECT phone FROM crm.customer WHERE id = 42); END$$;
SELECT scratch.f(), (SELECT phone FROM crm.customer WHERE id = 43);
