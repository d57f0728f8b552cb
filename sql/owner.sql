-- The owner of a guarded table, without contact_guard_admin, and what he could do to see it.
CREATE SCHEMA regress_owner;
SET search_path = regress_owner;
CREATE ROLE regress_owner_boss;
CREATE ROLE regress_owner_tech;
GRANT ALL ON SCHEMA regress_owner TO regress_owner_boss, regress_owner_tech;
SET ROLE regress_owner_boss;
CREATE DOMAIN number AS text;
CREATE TABLE customer (id int PRIMARY KEY, name text, phone text, other number, zone int, UNIQUE (zone, phone));
CREATE TABLE two (id int, phone text);
CREATE FUNCTION leak(text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE NOTICE 'LEAK %', $1; RETURN true; END$$;
CREATE FUNCTION leakt(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE NOTICE 'LEAK %', $1; RETURN $1; END$$;
CREATE FUNCTION leak_row() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'LEAK %', OLD; RETURN NEW; END$$;
INSERT INTO customer SELECT i, 'n' || i, '06' || to_char((i * 7919) % 100000, 'FM00000000'), '07' || i, 5 FROM generate_series(1, 5) i;
INSERT INTO two VALUES (1, '0600000001'), (2, '0600000001');
GRANT SELECT, INSERT ON customer TO regress_owner_tech;
RESET ROLE;
SELECT contact_guard.protect('customer', 'id', '{phone,other}');
SELECT contact_guard.protect('two', 'id', '{phone}');

SET ROLE regress_owner_boss;
CREATE TRIGGER t BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION leak_row();
CREATE RULE r AS ON UPDATE TO customer DO ALSO SELECT leak(OLD.phone);
CREATE POLICY p ON customer USING (leak(phone));
CREATE INDEX ON customer (leak(phone));
CREATE INDEX ON customer (id) WHERE leak(phone);
CREATE STATISTICS s ON (leak(phone)), id FROM customer;
ALTER TABLE customer ADD CHECK (leak(phone));
ALTER TABLE customer ADD g text GENERATED ALWAYS AS (leakt(phone)) STORED;
ALTER TABLE customer ALTER phone TYPE text USING leakt(phone);
ALTER DOMAIN number ADD CHECK (leak(VALUE));
CLUSTER customer USING customer_zone_phone_key;
ALTER TABLE customer CLUSTER ON customer_zone_phone_key;
CREATE TABLE parent (id int, name text, phone text, other number, zone int);
ALTER TABLE customer INHERIT parent;
CREATE TABLE parted (LIKE customer) PARTITION BY LIST (leakt(phone));
ALTER TABLE parted ATTACH PARTITION customer DEFAULT;
CREATE TABLE refers (p text);
ALTER TABLE refers ADD FOREIGN KEY (p) REFERENCES customer (phone);
ALTER TABLE refers ADD COLUMN q text REFERENCES customer (phone);
ALTER TABLE customer ADD FOREIGN KEY (phone) REFERENCES refers (p);
CREATE UNIQUE INDEX ON two (phone);
ALTER TABLE two ADD UNIQUE (phone);
DO $$DECLARE d text; BEGIN
	CREATE UNIQUE INDEX ON two (phone);
EXCEPTION WHEN unique_violation THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
	RAISE NOTICE 'caught [%]', d;
END$$;
UPDATE customer SET name = name;
-- a parent that was there before the policy
RESET ROLE;
SELECT contact_guard.unprotect('two');
SET ROLE regress_owner_boss;
ALTER TABLE two INHERIT parent;
CREATE TABLE above (id int, phone text);
ALTER TABLE two INHERIT above;
RESET ROLE;
SELECT contact_guard.protect('two', 'id', '{phone}');
SET ROLE regress_owner_boss;
ALTER TABLE above ADD CHECK (leak(phone));
ALTER TABLE above ALTER phone TYPE text USING leakt(phone);
RESET ROLE;

-- the order of an index on a guarded column is the order of the values
SET ROLE regress_owner_tech;
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SET enable_sort = off;
-- PostgreSQL 18 says of a plan that it was not to be made
DO $$DECLARE line text; BEGIN
	FOR line IN EXPLAIN (COSTS OFF) SELECT id FROM customer WHERE zone = 5 LOOP
		IF line !~ 'Disabled' THEN RAISE INFO '%', line; END IF;
	END LOOP;
END$$;
RESET enable_seqscan;
RESET enable_bitmapscan;
RESET enable_sort;
-- its uniqueness holds all the same
INSERT INTO customer VALUES (6, 'n6', '0600007919', NULL, 5);
INSERT INTO customer VALUES (6, 'n6', '0600007919', NULL, 5) ON CONFLICT (zone, phone) DO NOTHING;
RESET ROLE;

-- a text whose quotes cannot be told is not guessed at
SET ROLE regress_owner_tech;
PREPARE p AS SELECT 'x\' , phone, 'secret' FROM customer WHERE id = 2;
SET standard_conforming_strings = off;
EXECUTE p;
RESET standard_conforming_strings;
DEALLOCATE p;
RESET ROLE;
SELECT contact_guard.sync();
SELECT query FROM contact_guard.access_log WHERE actor = 'regress_owner_tech' AND customer = '2';

SET client_min_messages = warning;
SELECT contact_guard.unprotect('customer'), contact_guard.unprotect('two');
DROP SCHEMA regress_owner CASCADE;
DROP ROLE regress_owner_boss, regress_owner_tech;
