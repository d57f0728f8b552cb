-- what: WHEN NOT MATCHED BY SOURCE with a guess
-- since: 17
-- outcome: masked
-- error: 42501
BEGIN;
MERGE INTO crm.customer c USING (VALUES (-1)) v (i) ON c.id = v.i WHEN NOT MATCHED BY SOURCE AND c.id IN (41, 42) THEN UPDATE SET city = c.city RETURNING c.*;
MERGE INTO crm.customer c USING (VALUES (-1)) v (i) ON c.id = v.i WHEN NOT MATCHED BY SOURCE AND c.phone = mediation.mark(42, 'PHONE') THEN UPDATE SET city = c.city RETURNING 'found', mediation.mark(c.id);
ROLLBACK;
