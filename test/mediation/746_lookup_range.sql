-- what: a look-up by a range
-- outcome: shown lookup
-- as: dispatcher
SELECT mediation.mark(id) FROM crm.customer WHERE phone >= 'GUARDED-0007' AND phone < 'GUARDED-0009';
SELECT mediation.mark(id) FROM crm.customer WHERE phone BETWEEN 'GUARDED-0042' AND 'GUARDED-0043';
