-- what: a look-up by LIKE
-- outcome: shown lookup
-- as: dispatcher
SELECT mediation.mark(id) FROM crm.customer WHERE phone LIKE 'GUARDED-000%';
