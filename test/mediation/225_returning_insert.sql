-- what: INSERT … RETURNING a sub-select
-- outcome: masked
INSERT INTO crm.note VALUES (9, 9, 'x') RETURNING (SELECT phone FROM crm.customer WHERE id = 42);
