-- what: a child of the owner's with a generated column
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE TABLE scratch.kid (up text GENERATED ALWAYS AS (upper(phone)) STORED) INHERITS (crm.customer);
\c - postgres
INSERT INTO scratch.kid (id, name, phone) VALUES (142, 'k', mediation.mark(42, 'PHONE'));
\c - owner
SELECT up FROM scratch.kid;
