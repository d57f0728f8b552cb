-- what: partition-wise join and aggregate
-- outcome: masked
SET enable_partitionwise_join = on;
SET enable_partitionwise_aggregate = on;
SELECT a.zone, max(a.door), count(b.door) FROM crm.site a JOIN crm.site b USING (zone, id) WHERE a.customer_id <> 7 GROUP BY a.zone;
