-- what: hidden rows: views of the owner, of dispatcher and of a role past row security
-- outcome: masked
\c - owner
CREATE VIEW scratch.v AS SELECT * FROM crm.depot;
\c - dispatcher
CREATE VIEW scratch.w AS SELECT * FROM crm.depot;
\c - bypass
CREATE VIEW scratch.x AS SELECT * FROM crm.depot;
\c - postgres
GRANT SELECT ON ALL TABLES IN SCHEMA scratch TO anna;
\c - anna
SELECT * FROM scratch.v;
SELECT * FROM scratch.w;
SELECT * FROM scratch.x;
