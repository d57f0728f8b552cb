-- what: act_as with a role that a membership WITH SET FALSE gives
-- since: 16
-- outcome: masked
-- as: postgres
DROP ROLE IF EXISTS lent_pool;
CREATE ROLE lent_pool LOGIN IN ROLE contact_guard_proxy;
GRANT dispatcher TO lent_pool WITH SET FALSE, INHERIT FALSE;
GRANT USAGE ON SCHEMA crm, mediation TO lent_pool;
GRANT SELECT ON crm.customer TO lent_pool;
\c - lent_pool
\set ON_ERROR_STOP off
BEGIN;
SAVEPOINT s;
SELECT contact_guard.act_as('somebody', role => 'dispatcher');
ROLLBACK TO s;
SELECT phone FROM crm.customer WHERE id = 42;
COMMIT;
