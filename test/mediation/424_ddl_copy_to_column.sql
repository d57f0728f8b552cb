-- what: a new column filled from the guarded one
-- outcome: refused 42501
-- as: owner
BEGIN;
ALTER TABLE crm.customer ADD copy text;
UPDATE crm.customer SET copy = phone;
