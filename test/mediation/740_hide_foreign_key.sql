-- what: hidden rows: a trigger behind a foreign key, and a view of the owner
-- outcome: masked
-- touches: no
\c - owner
CREATE VIEW scratch.v AS SELECT note FROM crm.depot;
GRANT SELECT ON scratch.v TO anna;
\c - anna
CREATE TABLE scratch.parent (id int PRIMARY KEY);
CREATE TABLE scratch.child (id int REFERENCES scratch.parent ON DELETE CASCADE);
CREATE FUNCTION scratch.f() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', (SELECT string_agg(note, ' ') FROM scratch.v); RETURN OLD; END$$;
CREATE TRIGGER t BEFORE DELETE ON scratch.child FOR EACH ROW EXECUTE FUNCTION scratch.f();
INSERT INTO scratch.parent VALUES (1);
INSERT INTO scratch.child VALUES (1);
DELETE FROM scratch.parent;
