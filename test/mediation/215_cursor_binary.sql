-- what: BINARY cursors
-- outcome: masked
BEGIN;
DECLARE c BINARY CURSOR FOR SELECT phone FROM crm.customer;
FETCH ALL FROM c;
