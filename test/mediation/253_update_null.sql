-- what: NULL over a value whose mask is no NULL
-- outcome: refused 42501
UPDATE crm.customer SET phone = NULL WHERE id = 42;
