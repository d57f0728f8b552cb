-- what: DROP EXTENSION, DROP FUNCTION
-- outcome: masked
-- as: owner
\set ON_ERROR_STOP off
DROP EXTENSION contact_guard CASCADE;
DROP SCHEMA contact_guard CASCADE;
DROP OWNED BY admin;
\set ON_ERROR_STOP on
SELECT phone FROM crm.customer;
