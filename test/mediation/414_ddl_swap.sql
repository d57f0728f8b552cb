-- what: two columns that swap names
-- outcome: masked
-- as: owner
BEGIN;
ALTER TABLE crm.customer RENAME phone TO x;
ALTER TABLE crm.customer RENAME city TO phone;
ALTER TABLE crm.customer RENAME x TO city;
SELECT city, phone FROM crm.customer;
ROLLBACK;
