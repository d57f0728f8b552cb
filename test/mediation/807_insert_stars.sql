-- what: stars as a value, through MERGE
-- outcome: refused 42501
-- touches: no
MERGE INTO crm.customer c USING (VALUES (99, repeat('*', 19))) v (id, m) ON c.id = v.id WHEN NOT MATCHED THEN INSERT (id, name, mobile) VALUES (v.id, 'x', v.m);
