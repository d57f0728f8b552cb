-- what: DETACH by the owner
-- outcome: refused 42501
-- as: owner
BEGIN;
ALTER TABLE crm.site DETACH PARTITION crm.site_s;
