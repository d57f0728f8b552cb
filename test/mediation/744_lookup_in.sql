-- what: a look-up by IN
-- outcome: shown lookup
-- as: dispatcher
SELECT mediation.mark(id) FROM crm.customer WHERE phone IN ('GUARDED-0007-PHONE', 'GUARDED-0042-PHONE');
