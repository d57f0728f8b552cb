-- what: hidden rows: lateral, sub-select, set operations
-- outcome: masked
SELECT * FROM crm.note n, LATERAL (SELECT d.note, d.code FROM crm.depot d WHERE d.customer_id = n.customer_id) l;
SELECT (SELECT d.note FROM crm.depot d WHERE d.customer_id = n.customer_id), ARRAY(SELECT note FROM crm.area) FROM crm.note n;
SELECT note FROM crm.depot UNION SELECT note FROM crm.area_n EXCEPT SELECT 'x';
