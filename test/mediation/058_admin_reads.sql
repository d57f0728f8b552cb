-- what: who sets the policy
-- outcome: masked
-- as: admin
SELECT * FROM crm.customer;
