-- what: ON CONFLICT SET phone = EXCLUDED.phone
-- outcome: refused 42501
INSERT INTO crm.customer VALUES (42, 'x', NULL, 'other') ON CONFLICT (id) DO UPDATE SET phone = EXCLUDED.phone;
