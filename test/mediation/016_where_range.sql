-- what: guessing by BETWEEN on a unique column
-- outcome: masked
SELECT mediation.mark(id) FROM crm.customer WHERE phone BETWEEN 'GUARDED-0040' AND 'GUARDED-0050';
