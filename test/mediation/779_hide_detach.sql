-- what: hidden rows: a partition that has been detached
-- outcome: masked
-- as: postgres
-- touches: no
BEGIN;
ALTER TABLE crm.area DETACH PARTITION crm.area_s;
SET SESSION AUTHORIZATION anna;
SELECT note FROM crm.area_s;
ROLLBACK;
