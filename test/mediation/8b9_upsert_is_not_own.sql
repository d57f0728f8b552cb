-- what: a row that an upsert has found is not the writer's own
-- outcome: masked
BEGIN;
INSERT INTO crm.customer (id, name) VALUES (41, 'x') ON CONFLICT DO NOTHING;
INSERT INTO crm.customer (id, name, phone) VALUES (42, 'x', 'WITHHELD') ON CONFLICT (id) DO UPDATE SET name = excluded.name, phone = excluded.phone;
SELECT * FROM crm.customer WHERE id IN (41, 42);
ROLLBACK;
