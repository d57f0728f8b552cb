-- what: an ORM's upsert of what it has read
-- outcome: intact
INSERT INTO crm.customer VALUES (42, 'name 42', 'city 0', 'WITHHELD', repeat('*', 19), NULL) ON CONFLICT (id) DO UPDATE SET phone = EXCLUDED.phone, mobile = EXCLUDED.mobile, email = EXCLUDED.email;
