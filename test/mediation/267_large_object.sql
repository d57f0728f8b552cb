-- what: a large object made of values
-- outcome: refused 42501
SELECT lo_from_bytea(0, string_agg(phone, ',')::bytea) AS lo FROM crm.customer WHERE id <> 7 \gset
SELECT convert_from(lo_get(:lo), 'UTF8');
SELECT lo_unlink(:lo);
