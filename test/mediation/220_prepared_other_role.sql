-- what: planned by a superuser, run by anna
-- outcome: masked
-- as: postgres
SET plan_cache_mode = force_generic_plan;
PREPARE p AS SELECT phone FROM crm.customer WHERE id IN (7, 42);
CREATE TEMP TABLE nothing AS EXECUTE p WITH NO DATA;
SET SESSION AUTHORIZATION anna;
EXECUTE p;
SET ROLE bob;
EXECUTE p;
