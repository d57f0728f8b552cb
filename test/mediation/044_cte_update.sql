-- what: data-modifying CTE with RETURNING
-- outcome: masked
BEGIN;
WITH w AS (UPDATE crm.customer SET city = 'x' WHERE id IN (41, 42) RETURNING *) SELECT phone, w FROM w;
ROLLBACK;
