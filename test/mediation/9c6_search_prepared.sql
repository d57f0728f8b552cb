-- what: a search planned by dispatcher, run by anna
-- outcome: masked
-- as: anna
\c - pool
BEGIN;
SELECT contact_guard.act_as('dora', 'dispatcher');
PREPARE p(text) AS SELECT mediation.mark(id) FROM crm.customer WHERE id = 42 AND phone ILIKE '%' || $1 || '%';
COMMIT;
SET plan_cache_mode = force_generic_plan;
BEGIN;
SELECT contact_guard.act_as('anna');
EXECUTE p('0042');
COMMIT;
