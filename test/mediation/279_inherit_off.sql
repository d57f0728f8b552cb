-- what: NO INHERIT by the owner
-- outcome: refused 42501
-- as: owner
BEGIN;
ALTER TABLE crm.vip NO INHERIT crm.person;
