-- what: a column of jsonb_populate_record(row) decides what is set
-- outcome: refused 42501
UPDATE crm.customer c SET (phone, city) = (SELECT phone, city FROM jsonb_populate_record(c, '{}') WHERE phone = 'WITHHELD') WHERE id = 42;
