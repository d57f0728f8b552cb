-- what: the owner of the table
-- outcome: masked
-- as: owner
SELECT * FROM crm.customer;
