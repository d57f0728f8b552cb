-- what: pg_stats, the owner
-- outcome: masked
-- as: owner
-- touches: no
SELECT tablename, attname, most_common_vals, histogram_bounds FROM pg_stats WHERE schemaname = 'crm';
