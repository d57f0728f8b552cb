-- what: hidden rows: ON CONFLICT through a view of a superuser
-- outcome: refused 42501
\c - postgres
CREATE VIEW scratch.v AS SELECT * FROM crm.depot;
GRANT ALL ON scratch.v TO anna;
\c - anna
INSERT INTO scratch.v VALUES (42, 7, 'x', 'x') ON CONFLICT (id) DO UPDATE SET customer_id = v.customer_id RETURNING *;
