-- what: a temporary table of those whom a mask chose
-- outcome: refused 42501
CREATE TEMP TABLE doomed AS SELECT id FROM crm.customer WHERE email IS NULL;
