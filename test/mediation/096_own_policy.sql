-- what: a policy on a table of one's own
-- outcome: masked
-- error: 42501
CREATE FUNCTION scratch.tell(text) RETURNS bool COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
CREATE TABLE scratch.own (id int);
INSERT INTO scratch.own VALUES (42);
ALTER TABLE scratch.own ENABLE ROW LEVEL SECURITY;
ALTER TABLE scratch.own FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON scratch.own USING (scratch.tell((SELECT phone FROM crm.customer c WHERE c.id = own.id))) WITH CHECK (scratch.tell((SELECT mobile FROM crm.customer c WHERE c.id = own.id)));
SELECT * FROM scratch.own;
INSERT INTO scratch.own VALUES (43);
