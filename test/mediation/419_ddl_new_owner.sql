-- what: the table has a new owner
-- outcome: masked
-- as: postgres
BEGIN;
ALTER TABLE crm.customer OWNER TO anna;
SET SESSION AUTHORIZATION anna;
SELECT phone FROM crm.customer;
ROLLBACK;
