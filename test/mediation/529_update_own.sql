-- what: UPDATE … RETURNING at the customer with a window
-- outcome: shown
BEGIN;
UPDATE crm.customer SET phone = 'new', city = 'x' WHERE id = 7 RETURNING phone, mobile;
ROLLBACK;
