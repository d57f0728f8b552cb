-- what: functional dependency on the primary key
-- outcome: masked
SELECT id, phone, mobile, max(name) FROM crm.customer GROUP BY id;
