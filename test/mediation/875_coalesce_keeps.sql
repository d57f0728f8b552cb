-- what: SET phone = COALESCE($1, phone), and whole rows from JSON
-- outcome: masked
SELECT * FROM crm.customer WHERE id = 42;
UPDATE crm.customer SET phone = COALESCE(NULL, phone), mobile = COALESCE(NULL, NULL, mobile), email = COALESCE(NULL, email) WHERE id IN (41, 42);
PREPARE p(text, text) AS UPDATE crm.customer SET phone = COALESCE($1, phone), mobile = COALESCE($2, mobile) WHERE id = 42;
EXECUTE p(NULL, NULL);
EXECUTE p('WITHHELD', repeat('*', 19));
INSERT INTO crm.customer VALUES (42, 'x') ON CONFLICT (id) DO UPDATE SET phone = COALESCE(excluded.phone, crm.customer.phone), mobile = COALESCE(excluded.mobile, crm.customer.mobile);
UPDATE crm.customer c SET name = (jsonb_populate_record(c, '{"name": "name 42"}')).name, phone = (jsonb_populate_record(c, '{"name": "name 42"}')).phone,
	mobile = (json_populate_record(c, '{"name": "name 42"}')).mobile, email = (jsonb_populate_record(c, '{"phone": "WITHHELD"}')).email WHERE id = 42;
UPDATE crm.customer c SET (name, city, phone, mobile, email) = (SELECT name, city, phone, mobile, email FROM jsonb_populate_record(c, '{"name": "name 42", "phone": "WITHHELD"}')) WHERE id IN (42);
UPDATE crm.customer c SET phone = (SELECT r.phone FROM jsonb_populate_record(c, '{}') r), city = (SELECT city FROM jsonb_populate_record(c, '{}')) WHERE id = 42;
\c - dispatcher
DO $$BEGIN IF EXISTS (SELECT FROM crm.customer WHERE (phone, mobile, email) IS DISTINCT FROM (mediation.mark(id, 'PHONE'), mediation.mark(id, 'MOBILE'), mediation.mark(id, 'EMAIL'))) THEN RAISE 'lost'; END IF; END$$;
