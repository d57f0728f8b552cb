-- what: the order of what an UPDATE returns chooses a row that is stored
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id IN (41, 42) RETURNING *), i AS (INSERT INTO scratch.t SELECT id FROM u ORDER BY phone LIMIT 1) SELECT * FROM u;
