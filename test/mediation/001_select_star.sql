-- what: SELECT *
-- outcome: masked
SELECT * FROM crm.customer ORDER BY id;
