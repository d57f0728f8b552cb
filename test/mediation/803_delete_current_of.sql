-- what: WHERE CURRENT OF a cursor whose query saw masks
-- outcome: refused 42501
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM crm.customer WHERE phone = 'WITHHELD';
MOVE 1 c;
DELETE FROM crm.customer WHERE CURRENT OF c;
