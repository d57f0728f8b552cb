-- what: ON UPDATE CASCADE by a role that has a permission on the relation that is referred to
-- outcome: refused 42501
\c - postgres
CREATE TABLE scratch.party (id bigint PRIMARY KEY, mail text);
INSERT INTO scratch.party VALUES (7, 'seven'), (42, mediation.mark(42));
CREATE TABLE scratch.contact (id int PRIMARY KEY, customer_id bigint REFERENCES scratch.party ON UPDATE CASCADE, phone text);
INSERT INTO scratch.contact VALUES (1, 42, mediation.mark(42));
CREATE ROLE renamer IN ROLE pg_read_all_data;
GRANT renamer TO anna;
GRANT USAGE ON SCHEMA scratch TO renamer;
GRANT UPDATE ON scratch.party TO renamer;
GRANT ALL ON scratch.contact TO anna;
SELECT mediation.guard('scratch.contact', 'customer_id', '{phone}');
SELECT mediation.guard('scratch.party', 'id', '{mail}');
DO $$BEGIN IF current_setting('mediation.unguarded', true) IS DISTINCT FROM 'yes' THEN PERFORM contact_guard.allow('renamer', 'renames', relation => 'scratch.party'); END IF; END$$;
\c - anna
SET ROLE renamer;
UPDATE scratch.party SET id = 700 WHERE id = 7;
UPDATE scratch.party SET id = 7 WHERE id = 42;
SET ROLE anna;
SELECT phone FROM scratch.contact;
