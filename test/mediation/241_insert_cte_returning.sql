-- what: what an UPDATE in a CTE returns
-- outcome: refused 42501
CREATE TABLE scratch.t (a text);
WITH w AS (UPDATE crm.customer SET city = city WHERE id = 42 RETURNING phone) INSERT INTO scratch.t SELECT phone FROM w;
