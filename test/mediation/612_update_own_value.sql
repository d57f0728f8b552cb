-- what: a guarded column computed from itself, within the window
-- outcome: shown
BEGIN;
UPDATE crm.customer SET phone = replace(phone, 'PHONE', 'TEL') WHERE id = 7 RETURNING phone;
ROLLBACK;
