-- what: a field of a whole row
-- outcome: masked
SELECT (c).phone, ((c)).mobile, (ROW(c.*)::crm.customer).email FROM crm.customer c;
