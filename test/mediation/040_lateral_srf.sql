-- what: set-returning functions over whole rows
-- outcome: masked
SELECT e.* FROM crm.customer c, jsonb_each_text(to_jsonb(c)) e WHERE c.id = 42;
SELECT (jsonb_populate_record(c, '{"name": "x"}')).phone, jsonb_populate_record(c, '{}') FROM crm.customer c;
