-- what: a cursor that another role opened
-- outcome: refused 55000
BEGIN;
DECLARE d CURSOR FOR SELECT phone FROM crm.customer WHERE id >= 7 ORDER BY id;
FETCH d;
SET ROLE bob;
FETCH d;
