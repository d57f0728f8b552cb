-- what: a CTE of which only an unguarded column is stored, and the rest selected
-- outcome: masked
BEGIN;
CREATE TABLE scratch.t (a text);
WITH u AS (UPDATE crm.customer SET city = 'x' WHERE id = 42 RETURNING *), i AS (INSERT INTO scratch.t SELECT u.id FROM u JOIN crm.visit v ON v.customer_id = u.id)
	SELECT u.phone, u FROM u WHERE u.phone <> 'x';
INSERT INTO scratch.t SELECT q.id FROM (SELECT id, phone FROM crm.customer WHERE id = 42 OFFSET 0) q;
WITH s AS MATERIALIZED (SELECT * FROM crm.customer WHERE id = 42) INSERT INTO scratch.t SELECT id FROM s RETURNING (SELECT phone FROM s);
ROLLBACK;
