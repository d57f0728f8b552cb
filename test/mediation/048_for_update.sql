-- what: FOR UPDATE, FOR SHARE, SKIP LOCKED
-- outcome: masked
BEGIN;
SELECT phone FROM crm.customer WHERE id = 42 FOR UPDATE;
SELECT c FROM crm.customer c WHERE id > 40 FOR SHARE SKIP LOCKED;
SELECT * FROM (SELECT mobile FROM crm.customer FOR NO KEY UPDATE) s;
ROLLBACK;
