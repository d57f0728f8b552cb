-- what: hidden rows: changed without being seen
-- outcome: intact
UPDATE crm.depot SET note = 'x' WHERE id = 42;
UPDATE crm.area SET zone = 'n' WHERE customer_id = 42;
UPDATE crm.area_s SET note = 'x' WHERE id = 42;
DELETE FROM crm.depot WHERE id <> 7;
DELETE FROM crm.area_n WHERE customer_id <> 7;
