-- what: a look-up in a pool that forgets act_as
-- outcome: refused 55000
-- as: pool
SET plan_cache_mode = force_generic_plan;
PREPARE p(text) AS SELECT mediation.mark(id) FROM crm.customer WHERE phone = $1;
BEGIN;
SELECT contact_guard.act_as('m.dupont', 'dispatcher');
EXECUTE p('nobody');
COMMIT;
EXECUTE p('GUARDED-0042-PHONE');
