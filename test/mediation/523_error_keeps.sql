-- what: an error keeps the record
-- outcome: shown
-- error: 22012
BEGIN;
SELECT phone FROM crm.customer WHERE id = 7;
SELECT 1 / 0;
