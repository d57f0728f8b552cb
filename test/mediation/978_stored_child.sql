-- what: the same with a stored generated column
-- outcome: masked
-- as: postgres
CREATE TABLE scratch.kid (up text GENERATED ALWAYS AS (upper(phone)) STORED) INHERITS (crm.person);
INSERT INTO scratch.kid (id, phone) VALUES (42, mediation.mark(42, 'PERSON'));
ALTER TABLE scratch.kid OWNER TO owner;
\c - owner
SELECT up FROM scratch.kid;
