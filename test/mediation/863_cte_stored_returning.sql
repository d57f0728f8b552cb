-- what: what an UPDATE returns, in the RETURNING of an INSERT whose rows are stored
-- outcome: refused 42501
CREATE TABLE scratch.t (a text, b text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *), i AS (INSERT INTO scratch.t VALUES ('a') RETURNING (SELECT phone FROM u) AS p) INSERT INTO scratch.t SELECT p FROM i;
