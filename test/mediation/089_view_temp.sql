-- what: a temporary recursive view
-- outcome: masked
CREATE TEMP RECURSIVE VIEW v (id, p) AS SELECT id, phone FROM crm.customer WHERE id = 40 UNION ALL SELECT c.id, c.phone FROM v JOIN crm.customer c ON c.id = v.id + 1;
SELECT * FROM v;
