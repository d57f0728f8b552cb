-- what: a look-up that is rolled back
-- outcome: shown lookup
-- as: dispatcher
BEGIN;
SELECT mediation.mark(id) FROM crm.customer WHERE phone = 'GUARDED-0007-PHONE';
ROLLBACK;
