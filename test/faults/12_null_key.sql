-- right: the row of nobody is neither taken nor shown
-- never: SECRET-LEAD
-- then crm: SELECT string_agg(coalesce(customer_id::text, '-'), ' ' ORDER BY id) FROM crm.lead => - 42
\c crm postgres
SET client_min_messages=error;
DROP TABLE IF EXISTS crm.lead;
CREATE TABLE crm.lead (id int primary key, customer_id bigint, phone text);
INSERT INTO crm.lead VALUES (1,NULL,'SECRET-LEAD-1'),(2,42,'SECRET-LEAD-2');
GRANT SELECT, UPDATE ON crm.lead TO anna;
SELECT contact_guard.protect('crm.lead','customer_id','{phone}','constant(WITHHELD)');
\c crm anna
SELECT * FROM crm.lead;
UPDATE crm.lead SET customer_id = 7 WHERE id = 1;
SELECT * FROM crm.lead;
UPDATE crm.lead SET customer_id = NULL WHERE id = 1;
UPDATE crm.lead SET customer_id = 7 WHERE id = 2;
