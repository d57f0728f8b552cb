-- what: anti and semi joins
-- outcome: masked
SELECT mediation.mark(i) FROM generate_series(41, 45) i WHERE EXISTS (SELECT FROM crm.customer c WHERE c.phone = mediation.mark(i, 'PHONE'));
