-- what: a look-up that ends with an error
-- outcome: shown lookup
-- as: dispatcher
-- error: P0001
CREATE FUNCTION scratch.tell(bigint) RETURNS bool COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE '%', mediation.mark($1); END$$;
SELECT id FROM crm.customer WHERE scratch.tell(id) AND phone = 'GUARDED-0007-PHONE';
