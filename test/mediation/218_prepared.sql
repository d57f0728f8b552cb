-- what: generic plans
-- outcome: masked
SET plan_cache_mode = force_generic_plan;
PREPARE p (bigint) AS SELECT * FROM crm.customer WHERE id >= $1;
EXECUTE p (40);
