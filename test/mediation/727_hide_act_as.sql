-- what: hidden rows: one plan in a pool, for dispatcher and for anna
-- outcome: masked
-- as: pool
-- touches: no
SET plan_cache_mode = force_generic_plan;
PREPARE p(int) AS SELECT note FROM crm.depot WHERE id > $1;
BEGIN;
SELECT contact_guard.act_as('m.dupont', 'dispatcher');
EXECUTE p(1000);
COMMIT;
BEGIN;
SELECT contact_guard.act_as('anna');
EXECUTE p(0);
COMMIT;
BEGIN;
SELECT contact_guard.act_as('bob');
EXECUTE p(0);
COMMIT;
