-- what: UPDATE … WHERE guesses
-- outcome: masked
BEGIN;
UPDATE crm.customer SET city = 'found' WHERE phone LIKE 'GUARDED-0042%' RETURNING mediation.mark(id);
ROLLBACK;
