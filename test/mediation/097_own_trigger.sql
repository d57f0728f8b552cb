-- what: a trigger on a table of one's own
-- outcome: masked
CREATE TABLE scratch.own (id int);
CREATE FUNCTION scratch.t() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', (SELECT phone FROM crm.customer WHERE id = NEW.id); RETURN NEW; END$$;
CREATE TRIGGER t BEFORE INSERT ON scratch.own FOR EACH ROW EXECUTE FUNCTION scratch.t();
INSERT INTO scratch.own VALUES (42);
