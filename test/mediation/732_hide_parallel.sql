-- what: hidden rows: parallel plans
-- outcome: masked
-- touches: no
SET :forced_parallel = on;
SET parallel_setup_cost = 0;
SET parallel_tuple_cost = 0;
SET min_parallel_table_scan_size = 0;
SELECT note FROM crm.depot;
SELECT count(*), max(note) FROM crm.area;
SELECT d.note, a.note FROM crm.depot d JOIN crm.area a USING (id);
