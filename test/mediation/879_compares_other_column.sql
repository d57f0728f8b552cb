-- what: an upsert compares a column with the new value of another one
-- outcome: refused 42501
INSERT INTO crm.customer VALUES (42, 'x', 'y', 'WITHHELD', repeat('*', 19)) ON CONFLICT (id) DO UPDATE SET city = CASE WHEN crm.customer.phone = excluded.mobile THEN 'yes' ELSE 'no' END, phone = excluded.phone, mobile = excluded.mobile;
