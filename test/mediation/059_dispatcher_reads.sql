-- what: a standing permission: shown, each customer on record
-- outcome: shown
-- as: dispatcher
SELECT * FROM crm.customer;
