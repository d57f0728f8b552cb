-- what: another row at the place of an own one, after TRUNCATE
-- outcome: masked
\c - postgres
CREATE TABLE scratch.lead (id int PRIMARY KEY, customer_id bigint, phone text);
CREATE FUNCTION scratch.import() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$BEGIN INSERT INTO scratch.lead VALUES (2, 42, mediation.mark(42)); END$$;
GRANT ALL ON scratch.lead TO anna;
SELECT mediation.guard('scratch.lead', 'customer_id', '{phone}');
\c - anna
BEGIN;
TRUNCATE scratch.lead;
INSERT INTO scratch.lead VALUES (1, 42, 'x');
SELECT 1 / (phone = 'x')::int FROM scratch.lead;
TRUNCATE scratch.lead;
SELECT scratch.import();
SELECT ctid, * FROM scratch.lead;
ROLLBACK;
