-- what: the whole row of jsonb_populate_record(row) in another column
-- outcome: refused 42501
UPDATE crm.customer c SET (phone, city) = (SELECT phone, r::text FROM jsonb_populate_record(c, '{}') r) WHERE id = 42;
