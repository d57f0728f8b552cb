-- what: the same at a customer with an open window
-- outcome: shown
SELECT * FROM crm.customer WHERE id = 7;
BEGIN;
UPDATE crm.customer c SET (name, phone, mobile) = (SELECT name, phone, mobile FROM jsonb_populate_record(c, '{"name": "x", "mobile": "1"}')), email = COALESCE(NULL, email) WHERE id = 7;
INSERT INTO crm.customer VALUES (7, 'x', 'y', '1') ON CONFLICT (id) DO UPDATE SET city = CASE WHEN crm.customer.phone IS DISTINCT FROM excluded.phone THEN 'now' END, phone = excluded.phone;
DO $$BEGIN IF (SELECT (name, city, phone, mobile) <> ('x', 'now', '1', '1') OR email !~ '^GUARDED' FROM crm.customer WHERE id = 7) THEN RAISE 'not written'; END IF; END$$;
ROLLBACK;
