-- what: ON UPDATE CASCADE of a key that is guarded where it is changed
-- outcome: masked
\c - postgres
CREATE TABLE scratch.party (id bigint PRIMARY KEY, mail text);
INSERT INTO scratch.party VALUES (42, mediation.mark(42));
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
UPDATE scratch.party SET id = 4200 WHERE id = 42;
SELECT * FROM scratch.contact WHERE customer_id = 4200;
DO $$BEGIN IF NOT EXISTS (SELECT FROM scratch.contact WHERE customer_id = 4200) THEN RAISE 'not set'; END IF; END$$;
