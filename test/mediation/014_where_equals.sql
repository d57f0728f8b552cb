-- what: guessing by =
-- outcome: masked
SELECT mediation.mark(id) FROM crm.customer WHERE phone = mediation.mark(id, 'PHONE') AND id <> 7;
