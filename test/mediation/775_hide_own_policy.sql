-- what: hidden rows: the policy of a table of one's own
-- outcome: masked
-- touches: no
CREATE FUNCTION scratch.tell(text) RETURNS bool COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
CREATE TABLE scratch.own (id int);
INSERT INTO scratch.own VALUES (7), (42);
ALTER TABLE scratch.own ENABLE ROW LEVEL SECURITY;
ALTER TABLE scratch.own FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON scratch.own USING (scratch.tell((SELECT note FROM crm.depot d WHERE d.id = own.id)));
SELECT * FROM scratch.own;
