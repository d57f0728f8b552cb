-- what: what an UPDATE returns, stored through a set operation in a CTE
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *), x AS (SELECT 'a' AS a, id FROM u UNION ALL SELECT phone, id FROM u), i AS (INSERT INTO scratch.t SELECT a FROM x) SELECT id FROM x;
