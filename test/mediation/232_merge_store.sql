-- what: MERGE that stores a withheld value
-- outcome: refused 42501
MERGE INTO crm.note n USING crm.customer c ON c.id = n.customer_id WHEN MATCHED THEN UPDATE SET word = c.phone;
