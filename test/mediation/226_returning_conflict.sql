-- what: ON CONFLICT DO UPDATE … RETURNING the old row
-- outcome: masked
BEGIN;
INSERT INTO crm.customer VALUES (42, 'x') ON CONFLICT (id) DO UPDATE SET city = 'y' RETURNING *;
ROLLBACK;
