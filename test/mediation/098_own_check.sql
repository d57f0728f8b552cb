-- what: a CHECK constraint of one's own that reads
-- outcome: refused 42501
CREATE FUNCTION scratch.tell(int) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', (SELECT phone FROM crm.customer WHERE id = $1); RETURN true; END$$;
CREATE TABLE scratch.own (id int CHECK (scratch.tell(id)));
INSERT INTO scratch.own VALUES (42);
