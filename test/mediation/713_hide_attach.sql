-- what: hidden rows: a partition attached later
-- outcome: masked
-- touches: no
\c - postgres
BEGIN;
CREATE TABLE scratch.w (id int, zone text, customer_id bigint, code text, note text);
INSERT INTO scratch.w VALUES (99, 'w', 42, mediation.mark(42, 'CODE'), mediation.mark(42, 'NOTE'));
GRANT SELECT ON scratch.w TO anna;
ALTER TABLE crm.area ATTACH PARTITION scratch.w FOR VALUES IN ('w');
SET SESSION AUTHORIZATION anna;
SELECT * FROM scratch.w;
SELECT note FROM crm.area;
ROLLBACK;
