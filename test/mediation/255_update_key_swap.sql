-- what: swapping the customer key
-- outcome: refused 42501
UPDATE crm.customer SET id = CASE id WHEN 7 THEN 1007 ELSE 7 END WHERE id IN (7, 42);
