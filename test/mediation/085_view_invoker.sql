-- what: a view with security_invoker
-- outcome: masked
\c - owner
CREATE VIEW scratch.v WITH (security_invoker) AS SELECT * FROM crm.customer;
GRANT SELECT ON scratch.v TO anna;
\c - anna
SELECT phone, v FROM scratch.v;
