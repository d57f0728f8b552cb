-- what: a function that returns a set says how many rows a DELETE joins
-- outcome: refused 42501
DELETE FROM crm.note n USING (SELECT id, regexp_matches(phone, 'WITHHELD') FROM crm.customer) s WHERE s.id = n.customer_id;
