-- what: rows of another table, chosen by a mask in a sub-select
-- outcome: refused 42501
DELETE FROM crm.note WHERE customer_id = ANY (ARRAY(SELECT id FROM crm.customer WHERE email IS NULL));
