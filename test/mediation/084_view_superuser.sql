-- what: a view of a superuser
-- outcome: masked
\c - postgres
CREATE VIEW scratch.v AS SELECT * FROM crm.customer;
GRANT SELECT ON scratch.v TO anna;
\c - anna
SELECT * FROM scratch.v;
