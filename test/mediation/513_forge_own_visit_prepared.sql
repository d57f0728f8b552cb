-- what: an intervention of a prepared transaction
-- outcome: masked
BEGIN;
INSERT INTO crm.visit VALUES (9, 42, 'anna', '-infinity', 'infinity', 'on_site');
PREPARE TRANSACTION 'mediation';
SELECT phone FROM crm.customer;
ROLLBACK PREPARED 'mediation';
