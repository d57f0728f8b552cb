-- what: act_as by a pool: the end user's windows
-- outcome: shown
-- as: pool
BEGIN;
SELECT contact_guard.act_as('anna');
SELECT phone FROM crm.customer;
COMMIT;
