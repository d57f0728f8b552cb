-- what: CREATE TABLE AS
-- outcome: refused 42501
CREATE TABLE scratch.t AS SELECT * FROM crm.customer;
