-- what: detached
-- outcome: masked
\c - postgres
BEGIN;
ALTER TABLE crm.site DETACH PARTITION crm.site_s;
SET SESSION AUTHORIZATION anna;
SELECT * FROM crm.site_s;
ROLLBACK;
