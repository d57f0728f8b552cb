-- what: hidden rows: a cheap function in WHERE
-- outcome: masked
-- touches: no
CREATE FUNCTION scratch.tell(text) RETURNS bool COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
SELECT 1 FROM crm.depot WHERE scratch.tell(note);
SELECT 1 FROM crm.area WHERE scratch.tell(note);
SELECT 1 FROM crm.area_s WHERE scratch.tell(note) ORDER BY scratch.tell(note);
