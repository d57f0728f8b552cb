-- what: act_as twice for the same actor, and for the same name with a role's permissions
-- outcome: masked
-- as: pool
BEGIN;
SELECT contact_guard.act_as('bob');
SELECT contact_guard.act_as('bob');
SAVEPOINT s;
SELECT contact_guard.act_as('bob', NULL);
\set ON_ERROR_STOP off
SELECT contact_guard.act_as('bob', role => 'dispatcher');
ROLLBACK TO s;
SELECT contact_guard.act_as('anna');
ROLLBACK TO s;
\set ON_ERROR_STOP on
SELECT phone FROM crm.customer;
COMMIT;
