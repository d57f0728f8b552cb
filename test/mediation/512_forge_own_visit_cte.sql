-- what: an intervention of the same statement
-- outcome: masked
BEGIN;
WITH w AS (INSERT INTO crm.visit VALUES (9, 42, 'anna', '-infinity', 'infinity', 'on_site') RETURNING 1) SELECT phone FROM crm.customer, w;
ROLLBACK;
