-- what: hidden rows: a view with security_invoker, and one with a barrier
-- outcome: masked
\c - postgres
CREATE VIEW scratch.v WITH (security_invoker) AS SELECT * FROM crm.depot;
CREATE VIEW scratch.w WITH (security_barrier) AS SELECT * FROM crm.area;
GRANT SELECT ON scratch.v, scratch.w TO anna;
\c - anna
SELECT * FROM scratch.v;
SELECT * FROM scratch.w;
