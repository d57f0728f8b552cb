-- what: more than COALESCE(x, phone)
-- outcome: refused 42501
UPDATE crm.customer SET phone = COALESCE(NULL, phone) || '' WHERE id = 42;
