-- what: UPDATE … FROM the guarded table RETURNING
-- outcome: masked
UPDATE crm.note SET word = word FROM crm.customer c WHERE c.id = customer_id RETURNING c.phone, c;
