-- what: WITH HOLD by a pool with a role's permission, fetched without it
-- outcome: refused 55000
-- as: pool
BEGIN;
SELECT contact_guard.act_as('m', 'dispatcher');
DECLARE c CURSOR WITH HOLD FOR SELECT phone FROM crm.customer WHERE id = 7;
COMMIT;
FETCH ALL FROM c;
