-- what: CREATE TABLE AS EXECUTE
-- outcome: refused 42501
PREPARE p AS SELECT phone FROM crm.customer;
CREATE TABLE scratch.t AS EXECUTE p;
