-- what: a child with a check that comes from its other parent
-- outcome: refused 42501
-- as: owner
CREATE FUNCTION scratch.tell(text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
CREATE TABLE scratch.other (phone text CHECK (scratch.tell(phone)));
CREATE TABLE scratch.kid () INHERITS (crm.person, scratch.other);
\c - postgres
INSERT INTO scratch.kid (id, phone) SELECT id, phone FROM crm.person;
