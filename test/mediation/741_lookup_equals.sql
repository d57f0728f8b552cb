-- what: a look-up by a permitted role: shown, and on record
-- outcome: shown lookup
-- as: dispatcher
SELECT id, phone FROM crm.customer WHERE phone = 'GUARDED-0007-PHONE';
