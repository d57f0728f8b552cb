-- what: hidden rows: a plan that a SECURITY DEFINER function made for dispatcher
-- outcome: masked
-- as: postgres
-- touches: no
CREATE FUNCTION scratch.f(bigint) RETURNS SETOF text SECURITY DEFINER LANGUAGE plpgsql AS $$BEGIN RETURN QUERY SELECT note FROM crm.depot WHERE id > $1; END$$;
SET SESSION AUTHORIZATION dispatcher;
SELECT scratch.f(1000) FROM generate_series(1, 7);
SET SESSION AUTHORIZATION anna;
SELECT scratch.f(0);
SELECT scratch.f(0);
