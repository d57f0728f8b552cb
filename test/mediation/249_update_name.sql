-- what: another column of the same table
-- outcome: refused 42501
UPDATE crm.customer SET name = phone WHERE id = 42;
