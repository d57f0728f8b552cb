-- what: the customer key is dropped
-- outcome: masked
-- as: owner
-- error: 55000
-- touches: no
BEGIN;
ALTER TABLE crm.person DROP id;
SELECT phone FROM crm.person;
