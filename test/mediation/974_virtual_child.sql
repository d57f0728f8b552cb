-- what: a virtual column of a child that its parent does not have
-- since: 18
-- outcome: masked
-- as: postgres
CREATE TABLE scratch.kid (up text GENERATED ALWAYS AS (upper(phone)) VIRTUAL) INHERITS (crm.person);
INSERT INTO scratch.kid (id, phone) VALUES (42, mediation.mark(42, 'PERSON'));
GRANT ALL ON scratch.kid TO anna;
\c - anna
SELECT up FROM scratch.kid;
SELECT k, to_jsonb(k) FROM scratch.kid k;
SELECT up, count(*) FROM scratch.kid GROUP BY up;
SELECT n.id, k.up FROM crm.note n LEFT JOIN scratch.kid k ON k.id = n.customer_id;
SELECT mediation.mark(id) FROM scratch.kid WHERE up = mediation.mark(42, 'PERSON');
