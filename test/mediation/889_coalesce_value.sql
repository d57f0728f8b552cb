-- what: COALESCE(value, phone) at a customer without a window
-- outcome: refused 42501
UPDATE crm.customer SET phone = COALESCE('x', phone) WHERE id = 42;
