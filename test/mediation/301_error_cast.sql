-- what: a cast that fails tells its input
-- outcome: masked
-- error: 22P02
SELECT phone::int FROM crm.customer WHERE id = 42;
