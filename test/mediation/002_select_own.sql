-- what: the customer with an open window
-- outcome: shown
SELECT * FROM crm.customer WHERE id = 7;
