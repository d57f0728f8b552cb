-- what: a field of a guarded jsonb
-- outcome: refused 42501
UPDATE crm.parts SET more['a'] = '2' WHERE id = 42;
