-- what: WHERE CURRENT OF
-- outcome: masked
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM crm.customer WHERE id = 42 FOR UPDATE;
FETCH c;
UPDATE crm.customer SET city = 'x' WHERE CURRENT OF c RETURNING phone, customer;
ROLLBACK;
