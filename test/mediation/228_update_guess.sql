-- what: UPDATE … WHERE guesses
-- outcome: masked
-- error: 42501
BEGIN;
UPDATE crm.customer SET city = 'found' WHERE phone LIKE 'GUARDED-0042%' RETURNING mediation.mark(id);
ROLLBACK;
