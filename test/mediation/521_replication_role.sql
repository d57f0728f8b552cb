-- what: session_replication_role switches nothing off
-- outcome: masked
-- as: postgres
SET session_replication_role = replica;
SET SESSION AUTHORIZATION anna;
SELECT phone FROM crm.customer;
