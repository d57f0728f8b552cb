-- what: temporary objects named as the CRM's
-- outcome: masked
CREATE TEMP TABLE visit (id int, customer_id bigint, technician name, starts_at timestamptz, ends_at timestamptz, status text);
INSERT INTO visit VALUES (9, 42, 'anna', '-infinity', 'infinity', 'on_site');
CREATE TEMP TABLE permission AS SELECT 'anna'::regrole AS role, NULL::regclass AS relation, 'x' AS purpose, 'recorded' AS level;
SET search_path = pg_temp, crm, contact_guard;
SELECT phone FROM crm.customer;
