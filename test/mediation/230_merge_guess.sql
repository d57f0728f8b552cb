-- what: MERGE whose condition guesses
-- outcome: intact
-- error: 42501
MERGE INTO crm.customer c USING (VALUES (42)) v (i) ON c.id = v.i WHEN MATCHED AND phone = mediation.mark(42, 'PHONE') THEN UPDATE SET name = 'guessed';
