-- what: hidden rows: EXISTS, IN, an outer join
-- outcome: masked
-- touches: no
SELECT mediation.mark(i) FROM generate_series(1, 60) i WHERE i <> 7 AND EXISTS (SELECT FROM crm.depot WHERE customer_id = i);
SELECT mediation.mark(i) FROM generate_series(1, 60) i WHERE i <> 7 AND i IN (SELECT id FROM crm.depot);
SELECT mediation.mark(i) FROM generate_series(1, 60) i LEFT JOIN crm.area a ON a.id = i WHERE i <> 7 AND a.zone IS NOT NULL;
