-- what: a date that is none
-- outcome: masked
-- error: 22007
SELECT phone::date FROM crm.customer WHERE id = 42;
