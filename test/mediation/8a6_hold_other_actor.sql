-- what: WITH HOLD by a standing permission, fetched by another role of the same session
-- outcome: refused 55000
-- as: pool
SET ROLE dispatcher;
DECLARE c CURSOR WITH HOLD FOR SELECT phone FROM crm.customer WHERE id = 42;
RESET ROLE;
FETCH ALL FROM c;
