-- what: an upsert compares a part of the old value
-- outcome: refused 42501
INSERT INTO crm.customer VALUES (42, 'x', 'y', 'WITHHELD') ON CONFLICT (id) DO UPDATE SET city = CASE substr(crm.customer.phone, 1, 1) WHEN substr(excluded.phone, 1, 1) THEN 'yes' ELSE 'no' END, phone = excluded.phone;
