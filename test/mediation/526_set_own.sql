-- what: whole row of the customer with a window
-- outcome: shown
SELECT row_to_json(c), c FROM crm.customer c WHERE id = 7;
