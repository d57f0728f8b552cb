-- what: data-modifying CTE with RETURNING
-- outcome: refused 42501
BEGIN;
WITH w AS (UPDATE crm.customer SET city = 'x' WHERE id IN (41, 42) RETURNING *) SELECT phone, w FROM w;
ROLLBACK;
