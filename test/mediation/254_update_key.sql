-- what: giving a row to the customer with a window
-- outcome: refused 42501
UPDATE crm.site SET customer_id = 7 WHERE id = 42;
