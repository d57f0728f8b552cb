-- what: MERGE that copies the mask into another column
-- outcome: refused 42501
MERGE INTO crm.customer c USING (VALUES (42)) v (i) ON c.id = v.i WHEN MATCHED THEN UPDATE SET name = 'x ' || phone;
