-- what: MERGE … RETURNING old, new, of rows that are updated, deleted, inserted
-- since: 18
-- outcome: masked
BEGIN;
MERGE INTO crm.customer c USING (VALUES (41), (42)) v (i) ON c.id = v.i WHEN MATCHED AND v.i = 41 THEN UPDATE SET city = 'x' WHEN MATCHED THEN DELETE RETURNING merge_action(), old, new, old.phone, new.phone, old.*, new.*;
MERGE INTO crm.customer c USING (VALUES (142)) v (i) ON c.id = v.i WHEN NOT MATCHED THEN INSERT (id, name) VALUES (v.i, 'x') RETURNING old, old.phone, new, new.phone;
WITH w AS (MERGE INTO crm.customer c USING (VALUES (43)) v (i) ON c.id = v.i WHEN MATCHED THEN DELETE RETURNING c.city) SELECT * FROM w;
ROLLBACK;
