-- what: an upsert with a generated key, by an ORM that has read masks
-- outcome: refused 42501
SELECT * FROM crm.customer WHERE id = 42;
INSERT INTO crm.customer VALUES (1000, 'copy', 'x', NULL, repeat('*', 19), NULL) ON CONFLICT (id) DO UPDATE SET mobile = excluded.mobile;
