-- what: hidden rows: DELETE … RETURNING
-- outcome: masked
BEGIN;
DELETE FROM crm.depot RETURNING *;
DELETE FROM crm.area RETURNING note;
ROLLBACK;
