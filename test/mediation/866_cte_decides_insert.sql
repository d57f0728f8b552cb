-- what: what an UPDATE returns chooses rows to insert
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *), i AS (INSERT INTO scratch.t SELECT id FROM u WHERE phone = 'WITHHELD') SELECT * FROM u;
