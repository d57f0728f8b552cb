-- what: pg_stats
-- outcome: masked
-- touches: no
SELECT tablename, attname, most_common_vals, histogram_bounds FROM pg_stats WHERE schemaname = 'crm' AND attname IN ('phone', 'mobile', 'email', 'door');
