-- what: what one actor has inserted, read by another one in the same transaction
-- outcome: masked
-- as: pool
BEGIN;
INSERT INTO crm.customer (id, name, phone) VALUES (100, 'x', 'GUARDED-0100-PHONE');
SELECT contact_guard.act_as('m');
SELECT phone FROM crm.customer WHERE id = 100;
ROLLBACK;
\c - anna
BEGIN;
INSERT INTO crm.customer (id, name, phone) VALUES (100, 'x', 'GUARDED-0100-PHONE');
SET ROLE bob;
SELECT phone FROM crm.customer WHERE id = 100;
ROLLBACK;
