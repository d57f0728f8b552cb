-- what: hidden rows: SECURITY DEFINER functions of dispatcher and of a role past row security
-- outcome: masked
-- touches: no
\c - dispatcher
CREATE FUNCTION scratch.f() RETURNS SETOF text SECURITY DEFINER LANGUAGE plpgsql AS $$BEGIN RETURN QUERY SELECT note FROM crm.depot; END$$;
\c - bypass
CREATE FUNCTION scratch.g() RETURNS SETOF text SECURITY DEFINER LANGUAGE plpgsql AS $$BEGIN RETURN QUERY SELECT note FROM crm.depot; END$$;
\c - anna
SELECT * FROM scratch.f();
SELECT * FROM scratch.g();
