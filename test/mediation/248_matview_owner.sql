-- what: a materialized view of the owner
-- outcome: refused 42501
-- as: owner
CREATE MATERIALIZED VIEW scratch.m AS SELECT id, phone FROM crm.customer;
