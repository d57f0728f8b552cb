-- what: LIMIT and OFFSET by a subquery
-- outcome: masked
SELECT mediation.mark(42) FROM generate_series(1, 2) LIMIT (SELECT count(*) FROM crm.customer WHERE phone = mediation.mark(42, 'PHONE'));
