-- what: the column that carries the label is dropped from the parent alone
-- outcome: masked
-- as: owner
BEGIN;
ALTER TABLE ONLY crm.person DROP COLUMN phone;
SELECT phone FROM crm.vip;
ROLLBACK;
