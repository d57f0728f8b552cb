-- what: an upsert compares a column with another value than it sets
-- outcome: refused 42501
INSERT INTO crm.customer VALUES (42, 'x', 'GUARDED-0042-PHONE', 'WITHHELD') ON CONFLICT (id) DO UPDATE SET city = CASE WHEN crm.customer.phone = excluded.city THEN 'yes' ELSE 'no' END, phone = excluded.phone;
