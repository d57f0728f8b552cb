-- what: a row without a customer
-- outcome: masked
\c - postgres
CREATE TABLE scratch.lead (id int PRIMARY KEY, customer_id bigint, phone text);
INSERT INTO scratch.lead VALUES (1, NULL, mediation.mark(42));
GRANT ALL ON scratch.lead TO anna;
SELECT mediation.guard('scratch.lead', 'customer_id', '{phone}');
\c - anna
SELECT * FROM scratch.lead;
