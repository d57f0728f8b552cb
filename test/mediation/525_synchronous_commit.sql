-- what: synchronous_commit off
-- outcome: shown
SET synchronous_commit = off;
SELECT phone FROM crm.customer WHERE id = 7;
