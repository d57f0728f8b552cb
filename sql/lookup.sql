-- Look-ups by people who may: by index, recorded, and right when the actor changes.
SET client_min_messages = warning;
CREATE SCHEMA lookup;
SET search_path = lookup;
CREATE ROLE lookup_anna;
CREATE ROLE lookup_dispatcher;
CREATE ROLE lookup_pool;
GRANT contact_guard_proxy, lookup_dispatcher TO lookup_pool;
CREATE TABLE customer (id int PRIMARY KEY, name text, phone text, tel varchar(20), door int);
INSERT INTO customer SELECT i, 'Customer ' || i, '06' || lpad(i::text, 8, '0'), 'T' || i, i % 100
  FROM generate_series(1, 5000) i;
CREATE INDEX customer_phone ON customer (phone text_pattern_ops);
CREATE INDEX customer_tel ON customer (tel);
CREATE INDEX customer_lower ON customer (lower(phone));
ANALYZE customer;
GRANT USAGE ON SCHEMA lookup TO PUBLIC;
GRANT SELECT ON customer TO PUBLIC;
SELECT contact_guard.protect('customer', 'id', '{phone,tel,door}');
SELECT contact_guard.allow('lookup_dispatcher', 'planning', 'customer');
CREATE VIEW log AS SELECT event, actor, columns, customer, count, purpose FROM contact_guard.access_log
 WHERE relation = 'lookup.customer' AND event <> 'policy' ORDER BY seq;

-- Plans: the index for the dispatcher; nobody else.
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS
	$$BEGIN RETURN QUERY EXECUTE 'EXPLAIN (COSTS OFF) ' || query; END$$;
SET ROLE lookup_dispatcher;
SELECT plan($$SELECT id FROM customer WHERE phone = '0600000017'$$);
SELECT plan($$SELECT id FROM customer WHERE 'T17' = tel AND name LIKE 'C%'$$);
SELECT plan($$SELECT id FROM customer WHERE tel IN ('T1', 'T2')$$);
SELECT plan($$SELECT id FROM customer WHERE phone LIKE '060000001%'$$);
-- reveal(): other operators, expressions, OR, the other side of a join, a row's own part
SELECT plan($$SELECT id FROM customer WHERE phone ~ '^06000'$$);
SELECT plan($$SELECT id FROM customer WHERE lower(phone) = 'x'$$);
SELECT plan($$SELECT id FROM customer WHERE phone = 'x' OR id = 1$$);
SELECT plan($$SELECT id FROM customer WHERE phone = tel$$);
SELECT plan($$SELECT id FROM customer WHERE phone <> 'x'$$);
SELECT plan($$SELECT a.id FROM customer a LEFT JOIN customer b ON b.id = a.id + 1 WHERE b.phone = 'x'$$);
SET ROLE lookup_anna;
SELECT plan($$SELECT id FROM customer WHERE phone = '0600000017'$$);
RESET ROLE;
-- another guarded column of an index: no order of its values, which no record would name, and no choice by them
CREATE TABLE mixed (id int, name text, phone text, tel text);
INSERT INTO mixed VALUES (1, 'same', '3', 'a'), (2, 'same', '2', 'b'), (3, 'same', '4', 'c');
CREATE INDEX mixed_name ON mixed (name, phone);
CREATE INDEX mixed_partial ON mixed (id) WHERE name = 'other' OR phone = '2';
CREATE INDEX mixed_brin ON mixed USING brin (phone);
GRANT SELECT ON mixed TO PUBLIC;
SELECT contact_guard.protect('mixed', 'id', '{phone,tel}');
SELECT contact_guard.allow('lookup_dispatcher', 'planning', 'mixed');
SET enable_seqscan = off;
SET ROLE lookup_dispatcher;
SELECT plan($$SELECT id FROM mixed WHERE name = 'same' AND tel >= 'a'$$);
SELECT plan($$SELECT id FROM mixed WHERE name = 'same' AND phone >= '2'$$);
SELECT plan($$SELECT id FROM mixed WHERE name = 'other' AND tel = 'a' AND id = 2$$);
SELECT plan($$SELECT id FROM mixed WHERE phone = '2'$$);
SET enable_bitmapscan = off;
SELECT id FROM mixed WHERE name = 'same' AND tel >= 'a' AND tel < 'd';
SET ROLE lookup_anna;
SELECT line FROM plan($$SELECT id FROM mixed WHERE name = 'other' AND id = 2$$) line WHERE line !~ 'Disabled' /* PostgreSQL 18 */;
RESET ROLE;
-- a child has its columns at other places than its parent, and the look-up is one of the parent's column
DROP INDEX mixed_name, mixed_partial, mixed_brin;
CREATE TABLE mixed_child (id int, name text, tel text, phone text);
CREATE INDEX mixed_child_name ON mixed_child (name, tel);
INSERT INTO mixed_child VALUES (4, 'same', 'f', '5'), (5, 'same', 'e', '6');
SELECT contact_guard.protect('mixed_child', 'id', '{phone,tel}');
SELECT contact_guard.allow('lookup_dispatcher', 'planning', 'mixed_child');
ALTER TABLE mixed_child INHERIT mixed;
SET ROLE lookup_dispatcher;
SELECT line FROM plan($$SELECT id FROM mixed WHERE name = 'same' AND phone >= '5'$$) line WHERE line ~ 'mixed_child';
RESET enable_bitmapscan;
RESET enable_seqscan;
RESET ROLE;
DROP TABLE mixed, mixed_child;
SET ROLE lookup_anna;

-- What is found, and what is recorded: the look-up itself, and whom it found.
SET ROLE lookup_dispatcher;
SELECT id, name FROM customer WHERE phone = '0600000017';
SELECT id, name FROM customer WHERE phone = 'nobody';
SELECT id, name FROM customer WHERE phone LIKE '060000001%' AND name = 'Customer 12';
SELECT a.id, b.id FROM customer a JOIN customer b ON b.id = a.id + 1 WHERE a.tel = 'T5' AND b.phone = '0600000006';
SELECT (SELECT count(*) FROM customer WHERE phone IN ('0600000001', '0600000002'));
RESET ROLE;
SELECT contact_guard.sync();
SELECT * FROM log;

-- A function that would tell of rows is asked after they are on record.
SET ROLE lookup_dispatcher;
CREATE FUNCTION pg_temp.tell(text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS
	$$BEGIN RAISE WARNING 'saw %', $1; RETURN false; END$$;
SELECT id FROM customer WHERE pg_temp.tell(name) AND tel = 'T21';
RESET ROLE;
SELECT contact_guard.sync();
SELECT * FROM log WHERE customer = '21';

-- Prepared under the dispatcher, run by another: planned anew.
SET plan_cache_mode = force_generic_plan;
PREPARE caller(text) AS SELECT id, name FROM customer WHERE phone = $1;
SET ROLE lookup_dispatcher;
EXECUTE caller('0600000033');
SET ROLE lookup_anna;
EXECUTE caller('0600000033');
SET ROLE lookup_dispatcher;
EXECUTE caller('0600000033');
RESET ROLE;

-- A cursor cannot be carried to somebody else.
SET ROLE lookup_dispatcher;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM customer WHERE phone LIKE '060000%';
FETCH 2 FROM c;
SET LOCAL ROLE lookup_anna;
FETCH 2 FROM c;
ROLLBACK;

-- The same in a function, where the current role does not change.
RESET ROLE;
CREATE FUNCTION find(text) RETURNS SETOF int LANGUAGE plpgsql SECURITY DEFINER SET search_path = lookup AS
	$$BEGIN RETURN QUERY SELECT id FROM customer WHERE phone = $1; END$$;
SET ROLE lookup_dispatcher;
SELECT find('0600000044');
SET ROLE lookup_anna;
SELECT find('0600000044');
SELECT find('0600000044');
SET ROLE lookup_dispatcher;
SELECT find('0600000044');
SELECT find('0600000044');

-- A pool: the plan fits whoever acts.
RESET ROLE;
SET ROLE lookup_pool;
BEGIN;
SELECT contact_guard.act_as('dora', 'lookup_dispatcher');
EXECUTE caller('0600000055');
COMMIT;
BEGIN;
SELECT contact_guard.act_as('anton');
EXECUTE caller('0600000055');
COMMIT;
BEGIN;
SELECT contact_guard.act_as('dora', 'lookup_dispatcher');
EXECUTE caller('0600000055');
COMMIT;
-- without act_as: nobody's permission
EXECUTE caller('0600000055');
EXECUTE caller('0600000055');

-- A permission taken back is taken back for plans, too.
RESET ROLE;
SET ROLE lookup_dispatcher;
EXECUTE caller('0600000066');
RESET ROLE;
SELECT contact_guard.disallow('lookup_dispatcher', 'customer');
SET ROLE lookup_dispatcher;
EXECUTE caller('0600000066');
RESET ROLE;
SELECT contact_guard.sync();
SELECT event, actor, customer, columns, count FROM log WHERE customer IN ('33', '44', '55', '66') OR event IN ('lookup', 'withheld');

SELECT contact_guard.unprotect('customer');
DROP FUNCTION pg_temp.tell(text);
DROP SCHEMA lookup CASCADE;
DROP ROLE lookup_pool, lookup_dispatcher, lookup_anna;
