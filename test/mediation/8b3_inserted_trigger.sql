-- what: a BEFORE trigger completes a row that the writer inserts
-- outcome: masked
\c - postgres
CREATE TABLE scratch.lead (id int PRIMARY KEY, customer_id bigint, phone text);
CREATE FUNCTION scratch.f() RETURNS trigger LANGUAGE plpgsql SET search_path = scratch, pg_temp AS $$BEGIN NEW.phone := 'GUARDED-' || '0042-PHONE'; RETURN NEW; END$$;
CREATE TRIGGER t BEFORE INSERT ON scratch.lead FOR EACH ROW EXECUTE FUNCTION scratch.f();
GRANT ALL ON scratch.lead TO anna;
DO $$BEGIN IF current_setting('mediation.unguarded', true) IS DISTINCT FROM 'yes' THEN PERFORM contact_guard.trust_function('scratch.f()', 'why'); END IF; END$$;
SELECT mediation.guard('scratch.lead', 'customer_id', '{phone}');
\c - anna
BEGIN;
INSERT INTO scratch.lead VALUES (1, 42, 'x');
SELECT * FROM scratch.lead;
ROLLBACK;
