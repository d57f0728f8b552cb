-- what: no look-up, but on record: DELETE by a guarded column
-- outcome: shown
-- as: dispatcher
BEGIN;
DELETE FROM crm.customer WHERE phone = 'GUARDED-0007-PHONE' RETURNING mediation.mark(id);
ROLLBACK;
