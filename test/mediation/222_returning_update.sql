-- what: UPDATE … RETURNING
-- outcome: masked
BEGIN;
UPDATE crm.customer c SET city = 'x' WHERE id > 40 RETURNING phone, mobile, c, upper(email);
ROLLBACK;
