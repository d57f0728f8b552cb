-- what: renames of table, column, schema
-- outcome: masked
-- as: owner
BEGIN;
ALTER TABLE crm.customer RENAME phone TO tel;
ALTER TABLE crm.customer RENAME TO client;
SELECT tel, mobile FROM crm.client;
ROLLBACK;
