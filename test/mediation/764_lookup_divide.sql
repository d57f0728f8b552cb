-- what: a look-up: a division in another comparison tells what the first has found
-- outcome: shown lookup
-- as: dispatcher
SELECT mediation.mark(id) FROM crm.customer WHERE phone = 'GUARDED-0007-PHONE';
SET plan_cache_mode = force_generic_plan;
PREPARE p(text, int) AS SELECT id FROM crm.customer WHERE phone = $1 AND mobile = (1 / $2)::text;
DO $$BEGIN EXECUTE $q$EXECUTE p('GUARDED-0042-PHONE', 0)$q$; EXCEPTION WHEN division_by_zero THEN RAISE NOTICE '%', mediation.mark(42); END$$;
