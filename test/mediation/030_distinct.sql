-- what: DISTINCT
-- outcome: masked
SELECT DISTINCT phone FROM crm.customer;
