-- what: act_as once in a transaction
-- outcome: masked
-- as: pool
\set ON_ERROR_STOP off
BEGIN;
SELECT contact_guard.act_as('bob');
SAVEPOINT s;
SELECT contact_guard.act_as('anna', role => 'dispatcher');
ROLLBACK TO s;
SELECT phone FROM crm.customer;
COMMIT;
SELECT phone FROM crm.customer;
