-- what: guessing by LIKE
-- outcome: masked
SELECT mediation.mark(id) FROM crm.customer WHERE phone LIKE 'GUARDED-004%';
