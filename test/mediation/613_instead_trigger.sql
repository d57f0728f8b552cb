-- what: OLD of an INSTEAD OF trigger on a view of one's own
-- outcome: refused 42501
CREATE VIEW scratch.v AS SELECT * FROM crm.customer;
CREATE FUNCTION scratch.t() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', OLD; RETURN OLD; END$$;
CREATE TRIGGER t INSTEAD OF DELETE ON scratch.v FOR EACH ROW EXECUTE FUNCTION scratch.t();
BEGIN;
DELETE FROM scratch.v WHERE id IN (42, 43);
ROLLBACK;
