-- what: a partition, at the customer with a window
-- outcome: shown
SELECT door FROM crm.site_n WHERE customer_id = 7;
