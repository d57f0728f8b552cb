-- what: an exclusion constraint
-- outcome: refused 42501
-- as: owner
BEGIN;
ALTER TABLE crm.customer ADD EXCLUDE (upper(phone) WITH =);
