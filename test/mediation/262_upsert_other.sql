-- what: ON CONFLICT SET a sub-select
-- outcome: refused 42501
INSERT INTO crm.note VALUES (1, 42, 'x') ON CONFLICT (id) DO UPDATE SET word = (SELECT phone FROM crm.customer WHERE id = 42);
