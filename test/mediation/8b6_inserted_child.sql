-- what: a row of a child table at the same place as an own one
-- outcome: masked
\c - postgres
CREATE TABLE scratch.lead (id int, customer_id bigint, phone text);
CREATE TABLE scratch.kid () INHERITS (scratch.lead);
INSERT INTO scratch.kid VALUES (1, 42, mediation.mark(42)), (2, 41, mediation.mark(41));
GRANT ALL ON scratch.lead TO anna;
SELECT mediation.guard('scratch.lead', 'customer_id', '{phone}');
\c - anna
BEGIN;
INSERT INTO scratch.lead VALUES (3, 42, 'x'), (4, 42, 'y');
SELECT 1 / (phone IN ('x', 'y'))::int FROM ONLY scratch.lead;
SELECT ctid, * FROM scratch.lead;
ROLLBACK;
