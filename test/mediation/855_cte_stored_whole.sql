-- what: what an UPDATE returns, stored as a whole row
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *), i AS (INSERT INTO scratch.t SELECT json_agg(u) FROM u) SELECT 1;
