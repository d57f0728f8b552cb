-- what: a plan that outlives its window
-- outcome: masked
SET plan_cache_mode = force_generic_plan;
PREPARE p AS SELECT phone FROM crm.customer WHERE id IN (7, 42) ORDER BY id;
EXECUTE p;
SET ROLE bob;
EXECUTE p;
