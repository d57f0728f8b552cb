-- what: a role without any window
-- outcome: masked
-- as: bob
SELECT * FROM crm.customer;
