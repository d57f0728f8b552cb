-- what: hidden rows: SELECT
-- outcome: masked
SELECT * FROM crm.depot;
SELECT d, d.note FROM crm.depot d WHERE id IN (7, 42);
