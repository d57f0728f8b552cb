-- what: whole row on the nullable side of an outer join
-- outcome: masked
SELECT n.id, row_to_json(c), c IS NULL FROM crm.note n LEFT JOIN crm.customer c ON c.id = n.customer_id;
