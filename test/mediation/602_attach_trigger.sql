-- what: ATTACH to a parent with a row trigger, which is cloned
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE FUNCTION scratch.t() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', OLD.phone; RETURN NEW; END$$;
CREATE TABLE scratch.p (id bigint NOT NULL, name text NOT NULL, city text, phone text, mobile varchar(40), email text) PARTITION BY RANGE (id);
CREATE TRIGGER t AFTER UPDATE ON scratch.p FOR EACH ROW EXECUTE FUNCTION scratch.t();
ALTER TABLE scratch.p ATTACH PARTITION crm.customer DEFAULT;
UPDATE crm.customer SET city = 'x' WHERE id = 42;
