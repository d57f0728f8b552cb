-- what: a shown value into another table
-- outcome: refused 42501
UPDATE crm.note SET word = (SELECT phone FROM crm.customer WHERE id = 7) WHERE id = 2;
