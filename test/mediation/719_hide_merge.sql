-- what: hidden rows: MERGE does not match them
-- outcome: intact
MERGE INTO crm.depot d USING (VALUES (41), (42)) v (id) ON d.id = v.id WHEN MATCHED THEN UPDATE SET note = 'x';
MERGE INTO crm.area a USING (VALUES (41), (42)) v (id) ON a.id = v.id WHEN MATCHED THEN DELETE;
MERGE INTO crm.area_s a USING (VALUES (41), (42)) v (id) ON a.id = v.id WHEN MATCHED THEN DELETE;
