-- what: an index expression of one's own that reads
-- outcome: refused 42501
CREATE FUNCTION scratch.tell(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', (SELECT phone FROM crm.customer WHERE id = $1); RETURN 1; END$$;
CREATE TABLE scratch.own (id int);
INSERT INTO scratch.own VALUES (42);
CREATE INDEX ON scratch.own (scratch.tell(id));
