-- what: hidden rows: the WHERE of ON CONFLICT DO UPDATE
-- outcome: refused 42501
CREATE FUNCTION scratch.tell(text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN false; END$$;
INSERT INTO crm.depot VALUES (42, 7, 'x', 'x') ON CONFLICT (id) DO UPDATE SET note = depot.note WHERE scratch.tell(depot.note);
