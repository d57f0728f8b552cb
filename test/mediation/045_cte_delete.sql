-- what: DELETE in a CTE
-- outcome: masked
BEGIN;
WITH w AS (DELETE FROM crm.customer WHERE id = 42 RETURNING customer, phone) SELECT * FROM w;
ROLLBACK;
