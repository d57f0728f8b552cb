-- what: a look-up in a pool, for dispatcher and then for anna
-- outcome: masked
-- as: pool
SET plan_cache_mode = force_generic_plan;
PREPARE p(text) AS SELECT mediation.mark(id) FROM crm.customer WHERE phone = $1;
BEGIN;
SELECT contact_guard.act_as('m.dupont', 'dispatcher');
EXECUTE p('nobody');
COMMIT;
BEGIN;
SELECT contact_guard.act_as('anna');
EXECUTE p('GUARDED-0042-PHONE');
COMMIT;
