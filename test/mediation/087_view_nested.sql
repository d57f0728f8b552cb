-- what: views over views
-- outcome: masked
\c - owner
CREATE VIEW scratch.v AS SELECT id, phone AS tel FROM crm.customer;
CREATE VIEW scratch.w AS SELECT a.tel, b.mobile FROM scratch.v a JOIN crm.customer b USING (id);
GRANT SELECT ON scratch.v, scratch.w TO anna;
\c - anna
SELECT * FROM scratch.w;
