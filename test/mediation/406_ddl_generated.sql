-- what: a generated column
-- outcome: refused 42501
-- as: owner
BEGIN;
ALTER TABLE crm.customer ADD up text GENERATED ALWAYS AS (upper(phone)) STORED;
SELECT up FROM crm.customer;
