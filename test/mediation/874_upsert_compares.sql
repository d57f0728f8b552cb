-- what: an upsert of what was read, which compares old and new values as Rails does
-- outcome: masked
SELECT * FROM crm.customer WHERE id = 42;
BEGIN;
INSERT INTO crm.customer VALUES (42, 'name 42', 'city 0', 'WITHHELD', repeat('*', 19), NULL) ON CONFLICT (id) DO UPDATE SET
	city = (CASE WHEN (crm.customer.phone IS NOT DISTINCT FROM excluded.phone AND crm.customer.mobile IS NOT DISTINCT FROM excluded.mobile AND crm.customer.email IS NOT DISTINCT FROM excluded.email) THEN crm.customer.city ELSE 'now' END),
	phone = excluded.phone, mobile = excluded.mobile, email = excluded.email;
DO $$BEGIN IF (SELECT city FROM crm.customer WHERE id = 42) <> 'city 0' THEN RAISE 'touched'; END IF; END$$;
UPDATE crm.customer SET phone = 'WITHHELD', city = CASE WHEN phone <> 'WITHHELD' THEN 'now' ELSE city END WHERE id IN (41, 42);
UPDATE crm.customer SET mobile = repeat('*', 19), city = CASE WHEN mobile IS DISTINCT FROM repeat('*', 19) THEN 'now' ELSE city END WHERE id = 42;
DO $$BEGIN IF EXISTS (SELECT FROM crm.customer WHERE city = 'now') THEN RAISE 'touched'; END IF; END$$;
COMMIT;
\c - dispatcher
DO $$BEGIN IF EXISTS (SELECT FROM crm.customer WHERE (phone, mobile, email) IS DISTINCT FROM (mediation.mark(id, 'PHONE'), mediation.mark(id, 'MOBILE'), mediation.mark(id, 'EMAIL'))) THEN RAISE 'lost'; END IF; END$$;
