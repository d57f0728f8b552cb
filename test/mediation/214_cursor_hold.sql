-- what: WITH HOLD
-- outcome: refused 0A000
DECLARE c CURSOR WITH HOLD FOR SELECT phone FROM crm.customer;
FETCH ALL FROM c;
