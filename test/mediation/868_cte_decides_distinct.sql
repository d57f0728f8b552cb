-- what: DISTINCT over what an UPDATE returns makes rows that are stored
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id IN (41, 42) RETURNING *), x AS (SELECT DISTINCT ON (phone) phone, id FROM u), i AS (INSERT INTO scratch.t SELECT id FROM x) SELECT * FROM u;
