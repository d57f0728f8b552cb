-- right: no key in the DETAIL of COPY FROM either
-- shows: conflicting key value violates exclusion constraint.*conflicting key value violates exclusion constraint
-- never: SECRET
\c crm postgres
SET client_min_messages=error;
CREATE EXTENSION IF NOT EXISTS btree_gist;
DROP TABLE IF EXISTS crm.household;
CREATE TABLE crm.household (id int, customer_id bigint, phone text, EXCLUDE USING gist (customer_id WITH =, phone WITH <>));
INSERT INTO crm.household VALUES (1,42,'SECRET-HH-42');
GRANT SELECT, INSERT, UPDATE ON crm.household TO anna;
SELECT contact_guard.protect('crm.household','customer_id','{phone}','constant(WITHHELD)');
\c crm anna
SELECT * FROM crm.household;
INSERT INTO crm.household VALUES (2,42,'x');
COPY crm.household FROM STDIN;
2	42	x
\.
\c crm postgres
SELECT contact_guard.sync();
SELECT event, actor, relation, customer, query FROM contact_guard.access_log WHERE relation='crm.household' ORDER BY seq;
