-- what: COPY of the customer with a window
-- outcome: shown
COPY (SELECT * FROM crm.customer WHERE id = 7) TO STDOUT;
