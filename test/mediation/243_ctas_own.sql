-- what: CREATE TABLE AS of shown values
-- outcome: refused 42501
CREATE TABLE scratch.t AS SELECT * FROM crm.customer WHERE id = 7;
