-- what: what an UPDATE returns, stored through a function in FROM
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *), i AS (INSERT INTO scratch.t SELECT f FROM u, LATERAL upper(u.phone) f) SELECT 1;
