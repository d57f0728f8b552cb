-- what: attached later
-- outcome: masked
\c - postgres
BEGIN;
CREATE TABLE scratch.w (id int, zone text, customer_id bigint, door text);
INSERT INTO scratch.w VALUES (99, 'w', 42, mediation.mark(42, 'DOOR'));
GRANT SELECT ON scratch.w TO anna;
ALTER TABLE crm.site ATTACH PARTITION scratch.w FOR VALUES IN ('w');
SET SESSION AUTHORIZATION anna;
SELECT * FROM scratch.w;
ROLLBACK;
