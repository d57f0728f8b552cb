-- what: a parallel plan
-- outcome: masked
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SET max_parallel_workers_per_gather = 2;
SELECT phone FROM crm.customer WHERE name LIKE 'name 4%';
SELECT max(mobile), count(*) FROM crm.customer WHERE id <> 7;
