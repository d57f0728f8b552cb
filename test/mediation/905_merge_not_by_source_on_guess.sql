-- what: a guess in ON with WHEN NOT MATCHED BY SOURCE
-- since: 17
-- outcome: intact
-- error: 42501
BEGIN;
CREATE TABLE scratch.hit AS SELECT 0 AS id WHERE false;
MERGE INTO crm.customer c USING (VALUES (mediation.mark(42, 'PHONE'))) v (p) ON c.phone = v.p WHEN NOT MATCHED BY SOURCE THEN DO NOTHING WHEN MATCHED THEN UPDATE SET city = mediation.mark(c.id);
SELECT id, city FROM crm.customer WHERE city ~ 'GUARDED';
ROLLBACK;
