-- what: a DELETE of the first rows in the order of masks, with LIMIT a level further out
-- outcome: refused 42501
DELETE FROM crm.note n USING (SELECT id FROM (SELECT id FROM crm.customer ORDER BY phone DESC) s LIMIT 5) s WHERE s.id = n.customer_id;
