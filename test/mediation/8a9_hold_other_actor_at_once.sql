-- what: code fetches from a held cursor for another actor, within the second in which it was checked
-- outcome: refused 55000
-- as: pool
BEGIN;
SELECT contact_guard.act_as('zed', 'dispatcher');
DECLARE c CURSOR WITH HOLD FOR SELECT id, phone FROM crm.customer WHERE id = 51;
COMMIT;
BEGIN;
SELECT contact_guard.act_as('mallory');
DO $$DECLARE c refcursor := 'c'; r record; BEGIN FETCH NEXT FROM c INTO r; RAISE NOTICE '%', r; END$$;
