-- what: hidden rows: UPDATE … RETURNING
-- outcome: masked
BEGIN;
UPDATE crm.depot SET note = note || '.' RETURNING *;
UPDATE crm.area_n SET id = id + 1 RETURNING note;
UPDATE crm.area a SET id = 0 FROM crm.depot d WHERE d.id = a.id RETURNING a.note, d.note;
ROLLBACK;
