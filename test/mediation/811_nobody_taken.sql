-- what: a row without a customer, given to one's own
-- outcome: refused 42501
-- touches: no
\c - postgres
CREATE TABLE scratch.lead (id int PRIMARY KEY, customer_id bigint, phone text);
INSERT INTO scratch.lead VALUES (1, NULL, mediation.mark(42));
GRANT ALL ON scratch.lead TO anna;
SELECT mediation.guard('scratch.lead', 'customer_id', '{phone}');
\c - anna
UPDATE scratch.lead SET customer_id = 7 WHERE id = 1;
SELECT * FROM scratch.lead;
