-- what: MERGE into an updatable view, guessing in ON
-- since: 17
-- outcome: masked
-- error: 42501
CREATE VIEW scratch.v AS SELECT id, phone, city, email FROM crm.customer;
BEGIN;
MERGE INTO scratch.v c USING (VALUES (42)) v (i) ON c.id = v.i WHEN MATCHED THEN UPDATE SET city = c.city RETURNING c.*;
MERGE INTO scratch.v c USING (VALUES (mediation.mark(42, 'PHONE'))) v (p) ON c.phone = v.p WHEN MATCHED THEN UPDATE SET city = c.city RETURNING 'found', mediation.mark(c.id);
ROLLBACK;
