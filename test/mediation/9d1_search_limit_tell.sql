-- what: a search with LIMIT: a function, an operator and a division below it tell what is on record
-- outcome: shown
-- as: dispatcher
CREATE FUNCTION scratch.tell(bigint) RETURNS bigint STABLE COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', mediation.mark($1); RETURN $1; END$$;
SELECT id FROM crm.customer WHERE phone ~ '-00' ORDER BY scratch.tell(id) LIMIT 1;
SELECT id FROM crm.customer WHERE phone ~ '-00' AND scratch.tell(id) > 0 ORDER BY id LIMIT 1;
SELECT scratch.tell(id) FROM crm.customer WHERE phone ~ '-00' ORDER BY id LIMIT 1 OFFSET 3;
SELECT scratch.tell(c.id) FROM crm.customer c JOIN crm.note n ON n.customer_id = scratch.tell(c.id) WHERE c.phone ~ '-00' LIMIT 1;
DO $$BEGIN PERFORM id FROM crm.customer WHERE phone ~ '0007' ORDER BY 1 / (id - 7) LIMIT 1; EXCEPTION WHEN division_by_zero THEN RAISE NOTICE '%', mediation.mark(7); END$$;
