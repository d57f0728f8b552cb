-- what: COALESCE(phone, x) fills what is not shown
-- outcome: refused 42501
UPDATE crm.customer SET email = COALESCE(email, 'x') WHERE id = 42;
