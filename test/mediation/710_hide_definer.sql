-- what: hidden rows: SECURITY DEFINER functions of a superuser
-- outcome: masked
\c - postgres
CREATE FUNCTION scratch.f() RETURNS SETOF crm.depot SECURITY DEFINER STABLE LANGUAGE sql AS 'SELECT * FROM crm.depot';
CREATE FUNCTION scratch.g() RETURNS SETOF text SECURITY DEFINER LANGUAGE plpgsql AS $$BEGIN RETURN QUERY SELECT note FROM crm.area; END$$;
\c - anna
SELECT * FROM scratch.f();
SELECT * FROM scratch.g();
