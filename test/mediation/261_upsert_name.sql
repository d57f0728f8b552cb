-- what: ON CONFLICT SET name = the old phone
-- outcome: refused 42501
INSERT INTO crm.customer VALUES (42, 'x') ON CONFLICT (id) DO UPDATE SET name = customer.phone;
