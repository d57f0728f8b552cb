-- what: rules on a view of one's own
-- outcome: masked
CREATE VIEW scratch.v AS SELECT 1 AS i;
CREATE RULE r AS ON INSERT TO scratch.v DO INSTEAD SELECT phone, mobile FROM crm.customer;
INSERT INTO scratch.v VALUES (1);
