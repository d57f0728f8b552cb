-- what: a materialized view
-- outcome: refused 42501
CREATE MATERIALIZED VIEW scratch.m AS SELECT * FROM crm.customer;
