-- what: through a CTE
-- outcome: refused 42501
CREATE TABLE scratch.t (a text);
WITH w AS (SELECT phone FROM crm.customer), i AS (INSERT INTO scratch.t SELECT phone FROM w) SELECT 1;
