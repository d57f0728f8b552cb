-- what: an upsert asks whether the old value is less
-- outcome: refused 42501
INSERT INTO crm.customer VALUES (42, 'x', 'y', 'WITHHELD') ON CONFLICT (id) DO UPDATE SET city = CASE WHEN crm.customer.phone < excluded.phone THEN 'yes' ELSE 'no' END, phone = excluded.phone;
