-- what: a look-up that returns no guarded column
-- outcome: shown lookup
-- as: dispatcher
SELECT mediation.mark(id) FROM crm.customer WHERE phone = 'GUARDED-0007-PHONE';
