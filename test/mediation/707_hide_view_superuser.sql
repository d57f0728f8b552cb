-- what: hidden rows: a view of a superuser
-- outcome: masked
\c - postgres
CREATE VIEW scratch.v AS SELECT * FROM crm.depot;
CREATE VIEW scratch.w AS SELECT note FROM crm.area_n;
GRANT SELECT ON scratch.v, scratch.w TO anna;
\c - anna
SELECT * FROM scratch.v;
SELECT * FROM scratch.w;
