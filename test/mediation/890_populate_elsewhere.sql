-- what: a field of jsonb_populate_record(row) in another column
-- outcome: refused 42501
UPDATE crm.customer c SET city = (jsonb_populate_record(c, '{}')).phone WHERE id = 42;
