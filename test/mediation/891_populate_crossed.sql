-- what: columns of jsonb_populate_record(row) in other columns
-- outcome: refused 42501
UPDATE crm.customer c SET (phone, city) = (SELECT phone, phone FROM jsonb_populate_record(c, '{}')) WHERE id = 42;
