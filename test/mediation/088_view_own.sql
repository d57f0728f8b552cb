-- what: a view of one's own
-- outcome: masked
CREATE VIEW scratch.v AS SELECT phone, mobile, c FROM crm.customer c;
SELECT * FROM scratch.v;
