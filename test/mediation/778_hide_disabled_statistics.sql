-- what: hidden rows: statistics, after row security was switched off by hand
-- outcome: masked
-- as: postgres
-- touches: no
BEGIN;
ALTER TABLE crm.depot DISABLE ROW LEVEL SECURITY;
ALTER TABLE crm.depot ALTER note SET STATISTICS 100;
ANALYZE crm.depot;
SET SESSION AUTHORIZATION anna;
SELECT most_common_vals, histogram_bounds FROM pg_stats WHERE tablename = 'depot' AND attname = 'note';
ROLLBACK;
