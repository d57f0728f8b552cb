-- what: a view of a role with a standing permission
-- outcome: masked
\c - dispatcher
CREATE VIEW scratch.v AS SELECT * FROM crm.customer;
GRANT SELECT ON scratch.v TO anna;
\c - anna
SELECT * FROM scratch.v;
