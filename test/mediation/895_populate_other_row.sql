-- what: a field of jsonb_populate_record() of another row
-- outcome: refused 42501
UPDATE crm.customer c SET phone = (jsonb_populate_record(o, '{}')).phone FROM crm.customer o WHERE o.id = 41 AND c.id = 42;
