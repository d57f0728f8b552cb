-- what: hidden rows: a pool that forgets act_as
-- outcome: refused 55000
-- as: pool
SET plan_cache_mode = force_generic_plan;
PREPARE p(int) AS SELECT note FROM crm.depot WHERE id > $1;
BEGIN;
SELECT contact_guard.act_as('m.dupont', 'dispatcher');
EXECUTE p(1000);
COMMIT;
EXECUTE p(0);
