-- what: MERGE whose ON condition guesses, told by RETURNING
-- since: 17
-- outcome: refused 42501
BEGIN;
MERGE INTO crm.customer c USING (VALUES (mediation.mark(42, 'PHONE'))) v (p) ON c.phone = v.p WHEN MATCHED THEN UPDATE SET city = c.city RETURNING 'found', mediation.mark(c.id);
ROLLBACK;
