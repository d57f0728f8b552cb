-- what: guarded columns of jsonb_populate_record(row) exchanged
-- outcome: refused 42501
UPDATE crm.customer c SET (phone, mobile) = (SELECT mobile, phone FROM jsonb_populate_record(c, '{}')) WHERE id = 42;
