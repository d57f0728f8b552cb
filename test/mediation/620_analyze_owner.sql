-- what: ANALYZE and statistics targets by the owner
-- outcome: masked
-- as: owner
BEGIN;
ALTER TABLE crm.customer ALTER phone SET STATISTICS 1000;
ANALYZE crm.customer;
SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE schemaname = 'crm';
SELECT phone FROM crm.customer;
ROLLBACK;
