-- what: hidden rows: ON CONFLICT DO UPDATE … RETURNING
-- outcome: refused 42501
INSERT INTO crm.depot VALUES (42, 7, 'x', 'x') ON CONFLICT (id) DO UPDATE SET customer_id = depot.customer_id RETURNING *;
