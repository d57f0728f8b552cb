-- what: SECURITY DEFINER of a role with a standing permission
-- outcome: masked
\c - dispatcher
CREATE FUNCTION scratch.f() RETURNS SETOF crm.customer SECURITY DEFINER STABLE LANGUAGE sql AS 'SELECT * FROM crm.customer';
CREATE FUNCTION scratch.g() RETURNS text SECURITY DEFINER LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = 42); END$$;
\c - anna
SELECT * FROM scratch.f();
SELECT scratch.g();
