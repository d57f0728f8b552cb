-- what: a look-up planned in a SECURITY DEFINER function for dispatcher
-- outcome: masked
-- as: postgres
CREATE FUNCTION scratch.f(text) RETURNS SETOF text SECURITY DEFINER LANGUAGE plpgsql AS $$BEGIN RETURN QUERY SELECT mediation.mark(id) FROM crm.customer WHERE phone = $1; END$$;
SET SESSION AUTHORIZATION dispatcher;
SELECT scratch.f('nobody') FROM generate_series(1, 7);
SET SESSION AUTHORIZATION anna;
SELECT scratch.f('GUARDED-0042-PHONE');
SELECT scratch.f('GUARDED-0042-PHONE');
