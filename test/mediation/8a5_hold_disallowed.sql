-- what: WITH HOLD by a standing permission that is taken back before the rows are fetched
-- outcome: refused 55000
-- as: postgres
CREATE TABLE scratch.lead (id int PRIMARY KEY, customer_id bigint, phone text);
INSERT INTO scratch.lead VALUES (1, 42, mediation.mark(42));
GRANT ALL ON scratch.lead TO bob;
GRANT USAGE ON SCHEMA scratch TO bob;
SELECT mediation.guard('scratch.lead', 'customer_id', '{phone}');
DO $$BEGIN IF current_setting('mediation.unguarded', true) IS DISTINCT FROM 'yes' THEN PERFORM contact_guard.allow('bob', 'leads', relation => 'scratch.lead'); END IF; END$$;
SET ROLE bob;
DECLARE c CURSOR WITH HOLD FOR SELECT phone FROM scratch.lead;
RESET ROLE;
DO $$BEGIN IF current_setting('mediation.unguarded', true) IS DISTINCT FROM 'yes' THEN PERFORM contact_guard.disallow('bob', relation => 'scratch.lead'); END IF; END$$;
SET ROLE bob;
FETCH ALL FROM c;
