-- what: DELETE of what a query with GROUP BY finds
-- outcome: intact
-- error: 42501
DELETE FROM crm.customer WHERE id IN (SELECT max(id) FROM crm.customer GROUP BY phone HAVING phone = mediation.mark(42, 'PHONE'));
