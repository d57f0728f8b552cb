-- what: the whole row cast to text
-- outcome: masked
SELECT c::text, (c.*)::text FROM crm.customer c;
