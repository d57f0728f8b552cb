-- what: UPDATE … FROM
-- outcome: refused 42501
UPDATE crm.note SET word = c.mobile FROM crm.customer c WHERE c.id = customer_id;
