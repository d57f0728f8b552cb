-- what: a held cursor over hidden rows, whose permission is taken back before the rows are fetched
-- outcome: refused 55000
-- as: postgres
GRANT USAGE ON SCHEMA scratch TO bob;
DO $$BEGIN IF current_setting('mediation.unguarded', true) IS DISTINCT FROM 'yes' THEN PERFORM contact_guard.allow('bob', 'depots', relation => 'crm.depot'); END IF; END$$;
SET ROLE bob;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM crm.depot ORDER BY id;
RESET ROLE;
DO $$BEGIN IF current_setting('mediation.unguarded', true) IS DISTINCT FROM 'yes' THEN PERFORM contact_guard.disallow('bob', relation => 'crm.depot'); END IF; END$$;
SET ROLE bob;
FETCH 50 FROM c;
