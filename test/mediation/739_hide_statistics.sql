-- what: hidden rows: the statistics of unguarded columns
-- outcome: masked
-- as: postgres
-- touches: no
BEGIN;
ALTER TABLE crm.depot ALTER note SET STATISTICS 100;
ALTER TABLE crm.area_n ALTER note SET STATISTICS 100;
ANALYZE crm.depot, crm.area_n;
SET SESSION AUTHORIZATION anna;
SELECT tablename, most_common_vals, histogram_bounds FROM pg_stats WHERE schemaname = 'crm' AND attname = 'note';
ROLLBACK;
