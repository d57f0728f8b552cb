-- what: MERGE that joins on a guess
-- outcome: intact
-- error: 42501
MERGE INTO crm.customer c USING (VALUES (mediation.mark(42, 'PHONE'))) v (p) ON c.phone = v.p WHEN MATCHED THEN DELETE;
