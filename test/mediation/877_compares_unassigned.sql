-- what: an upsert compares a column that it does not set
-- outcome: refused 42501
INSERT INTO crm.customer VALUES (42, 'x', 'y', 'GUARDED-0042-PHONE') ON CONFLICT (id) DO UPDATE SET city = CASE WHEN crm.customer.phone = excluded.phone THEN 'yes' ELSE 'no' END;
