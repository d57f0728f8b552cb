-- what: JOIN USING and NATURAL JOIN
-- outcome: masked
SELECT phone, w FROM crm.customer FULL JOIN (VALUES ('x', 'y')) v (phone, w) USING (phone);
SELECT mediation.mark(id) FROM crm.customer NATURAL JOIN (SELECT mediation.mark(i, 'PHONE') AS phone FROM generate_series(40, 50) i) v;
