-- what: hash, merge and nested loop joins
-- outcome: masked
SET enable_nestloop = off;
SELECT mediation.mark(c.id) FROM crm.customer c JOIN (SELECT mediation.mark(i, 'PHONE') AS p FROM generate_series(41, 45) i) v ON v.p = c.phone;
SET enable_hashjoin = off;
SELECT mediation.mark(c.id) FROM crm.customer c JOIN (SELECT mediation.mark(i, 'PHONE') AS p FROM generate_series(41, 45) i) v ON v.p = c.phone;
