-- what: UNION, INTERSECT, EXCEPT
-- outcome: masked
SELECT phone FROM crm.customer WHERE id < 50 UNION SELECT mobile FROM crm.customer WHERE id > 40;
SELECT mediation.mark(i, 'PHONE') FROM generate_series(41, 43) i INTERSECT SELECT phone FROM crm.customer;
SELECT phone FROM crm.customer EXCEPT ALL SELECT 'x';
