-- what: a look-up planned by dispatcher, run by anna
-- outcome: masked
-- as: postgres
SET plan_cache_mode = force_generic_plan;
PREPARE p(text) AS SELECT mediation.mark(id) FROM crm.customer WHERE phone = $1;
SET SESSION AUTHORIZATION dispatcher;
EXECUTE p('nobody');
SET SESSION AUTHORIZATION anna;
EXECUTE p('GUARDED-0042-PHONE');
EXECUTE p('GUARDED-0042-PHONE');
