-- what: a look-up by COPY
-- outcome: shown lookup
-- as: dispatcher
COPY (SELECT mediation.mark(id) FROM crm.customer WHERE phone = 'GUARDED-0007-PHONE') TO STDOUT;
