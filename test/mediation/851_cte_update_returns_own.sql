-- what: the same at a customer with an open window
-- outcome: shown
BEGIN;
WITH s AS (UPDATE crm.customer SET city = 'x' WHERE id = 7 RETURNING *) SELECT json_agg(s) FROM s;
ROLLBACK;
