-- what: the order of the values
-- outcome: masked
SELECT mediation.mark(id) FROM (SELECT id, row_number() OVER (ORDER BY phone DESC, id) AS r FROM crm.customer WHERE id <> 7) s WHERE r = 1 AND id = 60;
