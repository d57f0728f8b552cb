-- what: SET ROLE to a role that one is not
-- outcome: masked
\set ON_ERROR_STOP off
SET ROLE dispatcher;
SET SESSION AUTHORIZATION postgres;
SET session_replication_role = replica;
\set ON_ERROR_STOP on
SET ROLE bob;
SELECT phone FROM crm.customer;
