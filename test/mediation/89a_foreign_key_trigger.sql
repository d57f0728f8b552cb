-- what: a trigger that runs inside of ON DELETE SET NULL gives rows to one's own customer
-- outcome: refused 42501
\c - postgres
CREATE TABLE scratch.party (id bigint PRIMARY KEY, name text);
INSERT INTO scratch.party VALUES (7, 'seven'), (42, 'fortytwo'), (7000, 'none');
CREATE TABLE scratch.contact (id int PRIMARY KEY, customer_id bigint REFERENCES scratch.party ON DELETE SET NULL, phone text);
INSERT INTO scratch.contact VALUES (1, 42, mediation.mark(42)), (2, 7000, mediation.mark(43));
CREATE FUNCTION scratch.f() RETURNS trigger LANGUAGE plpgsql SET search_path = scratch, pg_temp
	AS $$BEGIN IF NEW.id = 1 THEN UPDATE ONLY scratch.contact SET customer_id = NULL WHERE id = 2; END IF; RETURN NEW; END$$;
CREATE TRIGGER t BEFORE UPDATE ON scratch.contact FOR EACH ROW EXECUTE FUNCTION scratch.f();
GRANT ALL ON scratch.party, scratch.contact TO anna;
DO $$BEGIN IF current_setting('mediation.unguarded', true) IS DISTINCT FROM 'yes' THEN PERFORM contact_guard.trust_function('scratch.f()', 'why'); END IF; END$$;
SELECT mediation.guard('scratch.contact', 'customer_id', '{phone}');
\c - anna
DELETE FROM scratch.party WHERE id = 42;
SELECT phone FROM scratch.contact;
