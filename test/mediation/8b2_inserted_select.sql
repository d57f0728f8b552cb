-- what: rows of INSERT … SELECT, and of expressions, are not the writer's own
-- outcome: masked
\c - postgres
CREATE FUNCTION scratch.secret() RETURNS text LANGUAGE sql VOLATILE SECURITY DEFINER AS 'SELECT mediation.mark(45)';
CREATE TABLE scratch.lead (id int PRIMARY KEY, customer_id bigint, phone text, code text DEFAULT scratch.secret());
GRANT ALL ON scratch.lead TO anna;
SELECT mediation.guard('scratch.lead', 'customer_id', '{phone,code}');
\c - anna
BEGIN;
INSERT INTO scratch.lead VALUES (1, 42, scratch.secret());
INSERT INTO scratch.lead SELECT 2, 42, scratch.secret();
INSERT INTO scratch.lead (id, customer_id, phone) VALUES (3, 42, 'mine');
SELECT 1 / (phone = 'mine')::int FROM scratch.lead WHERE id = 3;
SELECT * FROM scratch.lead;
ROLLBACK;
