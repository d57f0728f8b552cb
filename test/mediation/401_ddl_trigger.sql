-- what: CREATE TRIGGER
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE FUNCTION scratch.t() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', OLD.phone; RETURN NEW; END$$;
CREATE TRIGGER t BEFORE UPDATE ON crm.customer FOR EACH ROW EXECUTE FUNCTION scratch.t();
UPDATE crm.customer SET city = 'x' WHERE id = 42;
