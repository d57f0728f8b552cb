-- what: inheritance, through the parent
-- outcome: masked
SELECT p, p.phone FROM crm.person p;
