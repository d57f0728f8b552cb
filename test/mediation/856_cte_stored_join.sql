-- what: what an UPDATE returns, stored through the alias of a join
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *), i AS (INSERT INTO scratch.t SELECT to_jsonb(j) FROM (u JOIN crm.note n ON n.customer_id = u.id) AS j) SELECT 1;
