-- what: COPY of a query that guesses
-- outcome: masked
COPY (SELECT mediation.mark(id) FROM crm.customer WHERE phone LIKE 'GUARDED-004%') TO STDOUT;
SELECT phone FROM crm.customer WHERE id = 42;
