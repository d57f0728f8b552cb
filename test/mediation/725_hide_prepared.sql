-- what: hidden rows: planned by dispatcher, run by anna
-- outcome: masked
-- as: postgres
-- touches: no
SET plan_cache_mode = force_generic_plan;
PREPARE p AS SELECT note FROM crm.depot;
SET SESSION AUTHORIZATION dispatcher;
EXPLAIN (COSTS off) EXECUTE p;
SET SESSION AUTHORIZATION anna;
EXECUTE p;
EXECUTE p;
RESET SESSION AUTHORIZATION;
EXPLAIN (COSTS off) EXECUTE p;
SET ROLE bob;
EXECUTE p;
