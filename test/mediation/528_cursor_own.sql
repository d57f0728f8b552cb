-- what: a cursor at the customer with a window
-- outcome: shown
BEGIN;
DECLARE c CURSOR FOR SELECT phone FROM crm.customer WHERE id IN (7, 42) ORDER BY id;
FETCH c;
FETCH c;
COMMIT;
