-- what: a search: a function sees rows when they are on record
-- outcome: shown searched
-- as: dispatcher
CREATE FUNCTION scratch.tell(bigint) RETURNS bool COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', mediation.mark($1); RETURN false; END$$;
SELECT id FROM crm.customer WHERE scratch.tell(id) AND phone ILIKE 'guarded-000%' AND city IS NOT NULL;
