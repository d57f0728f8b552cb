-- what: the whole row
-- outcome: masked
SELECT c FROM crm.customer c ORDER BY id;
