-- what: a look-up planned before the permission was taken back
-- outcome: masked
-- as: postgres
SET plan_cache_mode = force_generic_plan;
PREPARE p(text) AS SELECT mediation.mark(id) FROM crm.customer WHERE phone = $1;
SET SESSION AUTHORIZATION dispatcher;
EXECUTE p('nobody');
RESET SESSION AUTHORIZATION;
BEGIN;
SELECT contact_guard.disallow('dispatcher');
SET LOCAL SESSION AUTHORIZATION dispatcher;
EXECUTE p('GUARDED-0042-PHONE');
ROLLBACK;
