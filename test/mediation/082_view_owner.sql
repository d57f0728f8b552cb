-- what: a view with its owner's rights
-- outcome: masked
\c - owner
CREATE VIEW scratch.v AS SELECT id, phone AS tel, upper(mobile) AS up FROM crm.customer;
GRANT SELECT ON scratch.v TO anna;
\c - anna
SELECT * FROM scratch.v;
SELECT v FROM scratch.v;
