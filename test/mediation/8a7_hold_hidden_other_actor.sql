-- what: a held cursor over hidden rows, which shows no guarded value, fetched by another actor
-- outcome: refused 55000
-- as: pool
BEGIN;
SELECT contact_guard.act_as('zed', 'dispatcher');
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM crm.depot ORDER BY id;
COMMIT;
BEGIN;
SELECT contact_guard.act_as('mallory');
FETCH 50 FROM c;
