-- what: a rollback keeps the record
-- outcome: shown
BEGIN;
SELECT phone FROM crm.customer WHERE id = 7;
ROLLBACK;
