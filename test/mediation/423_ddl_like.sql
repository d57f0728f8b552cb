-- what: LIKE copies no values
-- outcome: masked
-- as: owner
CREATE TABLE scratch.t (LIKE crm.customer INCLUDING ALL);
\set ON_ERROR_STOP off
INSERT INTO scratch.t SELECT * FROM crm.customer;
\set ON_ERROR_STOP on
SELECT * FROM scratch.t;
SELECT phone FROM crm.customer WHERE id = 42;
