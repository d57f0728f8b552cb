-- what: what an UPDATE returns, stored through two CTEs
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *), x AS (SELECT upper(phone) AS p FROM u), i AS (INSERT INTO scratch.t SELECT p FROM x) SELECT count(*) FROM u;
