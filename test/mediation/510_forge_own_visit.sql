-- what: an intervention of one's own open transaction
-- outcome: masked
BEGIN;
INSERT INTO crm.visit VALUES (9, 42, 'anna', '-infinity', 'infinity', 'on_site');
UPDATE crm.visit SET customer_id = 41 WHERE id = 1;
SELECT phone FROM crm.customer;
ROLLBACK;
