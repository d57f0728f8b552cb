-- what: a search with LIMIT: a condition around its CTE sees rows when they are on record
-- outcome: shown
-- as: dispatcher
CREATE FUNCTION scratch.tell(bigint) RETURNS bigint STABLE COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', mediation.mark($1); RETURN $1; END$$;
WITH s AS (SELECT id FROM crm.customer WHERE phone ~ '-000' ORDER BY id LIMIT 9) SELECT id FROM s WHERE scratch.tell(id) > 5;
