-- what: transition tables of a trigger
-- outcome: masked
\c - postgres
BEGIN;
CREATE FUNCTION scratch.t() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', (SELECT string_agg(o.phone || n.mobile || o::text, ',') FROM old_t o JOIN new_t n USING (id)); RETURN NULL; END$$;
CREATE TRIGGER t AFTER UPDATE ON crm.customer REFERENCING OLD TABLE AS old_t NEW TABLE AS new_t FOR EACH STATEMENT EXECUTE FUNCTION scratch.t();
SET SESSION AUTHORIZATION anna;
UPDATE crm.customer SET city = 'x' WHERE id > 40;
ROLLBACK;
