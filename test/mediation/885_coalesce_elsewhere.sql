-- what: COALESCE(x, phone) in another column
-- outcome: refused 42501
UPDATE crm.customer SET city = COALESCE(NULL, phone) WHERE id = 42;
