-- what: CTE, materialized or not
-- outcome: masked
WITH w AS MATERIALIZED (SELECT * FROM crm.customer) SELECT phone FROM w;
WITH w AS NOT MATERIALIZED (SELECT * FROM crm.customer) SELECT mobile, w FROM w;
SELECT (WITH w AS MATERIALIZED (SELECT c.phone) SELECT * FROM w) FROM crm.customer c;
