-- what: what an UPDATE returns, stored through a WITH in a sub-select
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *) INSERT INTO scratch.t SELECT q.p FROM (WITH x AS (SELECT phone AS p FROM u) SELECT * FROM x OFFSET 0) q;
