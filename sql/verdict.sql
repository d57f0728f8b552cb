-- When a window is open, and who the actor is.
CREATE SCHEMA regress_verdict;
SET search_path = regress_verdict;
SET client_min_messages = warning;
CREATE ROLE regress_verdict_owner;
CREATE ROLE regress_verdict_anna;
CREATE ROLE regress_verdict_app IN ROLE contact_guard_proxy;
CREATE ROLE regress_verdict_desk;
GRANT regress_verdict_desk TO regress_verdict_app;
GRANT ALL ON SCHEMA regress_verdict TO regress_verdict_owner;
GRANT USAGE ON SCHEMA regress_verdict TO regress_verdict_anna, regress_verdict_app;
SET ROLE regress_verdict_owner;
CREATE TABLE customer (id int PRIMARY KEY, phone text);
INSERT INTO customer SELECT i, 'shown' FROM generate_series(1, 20) i;
GRANT SELECT ON customer TO regress_verdict_anna, regress_verdict_app;
CREATE TABLE visit (id int PRIMARY KEY, customer int, technician name, starts timestamptz, ends timestamptz, state text);
CREATE INDEX ON visit (technician, starts);
GRANT SELECT, INSERT, UPDATE, DELETE ON visit TO regress_verdict_anna;
RESET ROLE;
SELECT contact_guard.protect('customer', 'id', '{phone}', mask => 'constant(-)');
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends', open_when => $$state = 'on' -- only then$$,
	early => '15 min', late => '30 min', longest => '12 hours');
-- what anna sees now; a second apart, since a cache may withhold for as long
CREATE FUNCTION anna() RETURNS text LANGUAGE plpgsql AS $$
DECLARE v text; BEGIN
	PERFORM pg_sleep(1.05);
	SET LOCAL ROLE regress_verdict_anna;
	SELECT string_agg(id::text, ' ' ORDER BY id) FROM regress_verdict.customer WHERE phone = 'shown' INTO v;
	RETURN v;
END$$;
CREATE FUNCTION at(i text) RETURNS timestamptz LANGUAGE sql RETURN clock_timestamp() + i::interval;
GRANT EXECUTE ON FUNCTION anna(), at(text) TO PUBLIC;

-- early, late, longest, states, other technicians, names in another case
INSERT INTO visit VALUES
	(1, 1, 'regress_verdict_anna', at('-1 h'), at('1 h'), 'on'),
	(2, 2, 'regress_verdict_anna', at('14 min'), at('1 h'), 'on'),
	(3, 3, 'regress_verdict_anna', at('16 min'), at('1 h'), 'on'),
	(4, 4, 'regress_verdict_anna', at('-1 h'), at('-29 min'), 'on'),
	(5, 5, 'regress_verdict_anna', at('-1 h'), at('-31 min'), 'on'),
	(6, 6, 'regress_verdict_anna', at('-11 h'), at('100 h'), 'on'),
	(7, 7, 'regress_verdict_anna', at('-13 h'), at('100 h'), 'on'),
	(8, 8, 'regress_verdict_anna', at('-1 h'), NULL, 'on'),
	(9, 9, 'regress_verdict_anna', at('-13 h'), NULL, 'on'),
	(10, 10, 'regress_verdict_anna', NULL, at('1 h'), 'on'),
	(11, 11, 'regress_verdict_anna', at('-1 h'), at('1 h'), 'done'),
	(12, 12, 'regress_verdict_anna', at('-1 h'), at('1 h'), NULL),
	(13, 13, 'Regress_Verdict_Anna', at('-1 h'), at('1 h'), 'on'),
	(14, 14, NULL, at('-1 h'), at('1 h'), 'on'),
	(15, NULL, 'regress_verdict_anna', at('-1 h'), at('1 h'), 'on'),
	(16, 16, 'regress_verdict_anna', at('-3 h'), at('-2 h'), 'on'),
	(17, 16, 'regress_verdict_anna', at('-1 h'), at('1 h'), 'on'),
	(18, 18, 'regress_verdict_anna', at('1 h'), at('-1 h'), 'on');
SELECT anna();
UPDATE visit SET state = 'done' WHERE id IN (1, 17);
SELECT anna();
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends');
SELECT anna();
SET ROLE regress_verdict_anna;
SELECT id, customer FROM contact_guard.open_interventions() ORDER BY id::int;
SELECT string_agg(id::text, ' ' ORDER BY id) FROM customer WHERE contact_guard.has_open_window(id);
RESET ROLE;

-- nothing that a session does to itself opens one
SET SESSION AUTHORIZATION regress_verdict_anna;
BEGIN;
DELETE FROM visit WHERE customer <> 20;
INSERT INTO visit VALUES (20, 20, 'regress_verdict_anna', at('-1 h'), at('1 h'), 'on');
SELECT anna();
SELECT contact_guard.has_open_window(20);
ROLLBACK;
CREATE TEMP TABLE visit (LIKE regress_verdict.visit);
INSERT INTO pg_temp.visit VALUES (20, 20, 'regress_verdict_anna', at('-1 h'), at('1 h'), 'on');
SET search_path = pg_temp, regress_verdict;
SELECT regress_verdict.anna();
RESET SESSION AUTHORIZATION;
DROP TABLE pg_temp.visit;
SET search_path = regress_verdict;
DELETE FROM visit;

-- columns without time zone: the policy's zone counts, not the session's
CREATE TABLE local (id int, customer int, technician text, starts timestamp, ends timestamp);
CREATE INDEX ON local (technician);
INSERT INTO local VALUES (1, 1, 'regress_verdict_anna', timezone('Asia/Tokyo', at('-1 h')), timezone('Asia/Tokyo', at('1 h'))),
	(2, 2, 'regress_verdict_anna', timezone('Asia/Tokyo', at('-5 h')), timezone('Asia/Tokyo', at('-4 h'))),
	(3, 3, 'regress_verdict_anna', timezone('Asia/Tokyo', at('4 h')), timezone('Asia/Tokyo', at('5 h')));
SELECT contact_guard.use_interventions('local', 'customer', 'technician', 'starts', 'ends');
SELECT contact_guard.use_interventions('local', 'customer', 'technician', 'starts', 'ends', timezone => 'Mars/Olympus');
SELECT contact_guard.use_interventions('local', 'customer', 'technician', 'starts', 'ends', timezone => 'Asia/Tokyo');
SELECT anna();
SET timezone = 'X+04:30';
SELECT anna();
SET timezone = 'X-04:30';
SET datestyle = 'SQL, DMY';
SET intervalstyle = 'sql_standard';
SELECT anna();
RESET timezone;
RESET datestyle;
RESET intervalstyle;
SELECT contact_guard.forget_interventions('local');
-- a date counts to its last moment
CREATE TABLE daily (id int, customer int, technician text, starts date, ends date);
CREATE INDEX ON daily (technician);
INSERT INTO daily SELECT i, i, 'regress_verdict_anna', today + a, today + b
  FROM (SELECT timezone('UTC', clock_timestamp())::date AS today) t, (VALUES (1, 0, 0), (2, -1, 0), (3, 0, 1), (4, 1, 1), (5, -1, -1)) v (i, a, b);
SELECT contact_guard.use_interventions('daily', 'customer', 'technician', 'starts', 'ends', timezone => 'UTC');
SELECT anna();
SELECT contact_guard.forget_interventions('daily');

-- a view that maps employees to roles, and a partitioned table; with several relations any open window counts
SET ROLE regress_verdict_owner;
CREATE TABLE employee (no int PRIMARY KEY, login text);
INSERT INTO employee VALUES (42, 'regress_verdict_anna');
CREATE TABLE job (id int, site bigint, employee int, starts timestamptz, ends timestamptz);
INSERT INTO job VALUES (1, 5, 42, at('-1 h'), at('1 h')), (2, 6, 43, at('-1 h'), at('1 h'));
CREATE VIEW jobs AS SELECT j.*, e.login FROM job j JOIN employee e ON e.no = j.employee;
CREATE TABLE round (id int, customer smallint, technician varchar(63), starts timestamptz, ends timestamptz) PARTITION BY RANGE (starts);
CREATE TABLE round_all PARTITION OF round DEFAULT;
CREATE INDEX ON round (technician, starts);
INSERT INTO round VALUES (1, 9, 'regress_verdict_anna', at('-1 h'), at('1 h'));
RESET ROLE;
SELECT contact_guard.use_interventions('jobs', 'site', 'login', 'starts', 'ends');
SELECT contact_guard.use_interventions('round', 'customer', 'technician', 'starts', 'ends');
SELECT contact_guard.open_intervention(11::bigint, 'regress_verdict_anna', at('-1 h'), at('1 h')) AS id \gset
INSERT INTO visit VALUES (1, 13, 'regress_verdict_anna', at('-1 h'), at('1 h'), 'on');
SELECT anna();
SET ROLE regress_verdict_anna;
SELECT relation, customer FROM contact_guard.open_interventions() ORDER BY customer::int;
RESET ROLE;
SELECT contact_guard.close_intervention(:id);
DROP TABLE round;
UPDATE employee SET login = 'nobody';
SELECT anna();
-- a relation that has become useless opens nothing, and hurts no other
CREATE OR REPLACE VIEW jobs AS SELECT j.id, j.site, j.employee, now() AS starts, j.ends, 'regress_verdict_anna'::text AS login FROM job j;
SELECT anna();
ALTER VIEW jobs RENAME starts TO begins;
ALTER TABLE visit DROP ends;
SELECT anna();
SELECT problem FROM contact_guard.status(), unnest(problems) problem WHERE problem ~ 'jobs|visit' ORDER BY 1;

-- the built-in interventions
SELECT contact_guard.open_intervention(1::bigint, 'regress_verdict_anna', at('1 h'), at('-1 h'));
SELECT contact_guard.open_intervention('1'::text, 'regress_verdict_anna', '2020-01-01', '2020-01-01');
SELECT contact_guard.close_intervention(-1);
\set VERBOSITY sqlstate
SELECT contact_guard.close_intervention(:id);
\set VERBOSITY default

-- act_as: who stands behind a pooled login
SET SESSION AUTHORIZATION regress_verdict_anna;
SELECT contact_guard.act_as('regress_verdict_anna');
RESET SESSION AUTHORIZATION;
SELECT contact_guard.open_intervention(3::bigint, 'anna@tablet', at('-1 h'), at('1 h')) AS id2 \gset
SELECT contact_guard.allow('regress_verdict_desk', 'planning');
SET SESSION AUTHORIZATION regress_verdict_app;
SELECT contact_guard.current_actor();
SELECT contact_guard.act_as('anna@tablet');
SELECT contact_guard.current_actor();
BEGIN;
SELECT contact_guard.act_as('');
ROLLBACK;
BEGIN;
SELECT contact_guard.act_as(NULL);
ROLLBACK;
BEGIN;
SELECT contact_guard.act_as('anna@tablet', 'regress_verdict_anna');
ROLLBACK;
BEGIN;
SELECT contact_guard.act_as('anna@tablet');
SELECT contact_guard.current_actor(), current_user;
SELECT id FROM customer WHERE phone = 'shown' ORDER BY id;
SET LOCAL ROLE regress_verdict_desk;
SELECT contact_guard.current_actor();
SAVEPOINT s;
SELECT contact_guard.act_as('root');
ROLLBACK TO s;
SELECT contact_guard.current_actor();
COMMIT;
SELECT contact_guard.current_actor();
BEGIN;
SAVEPOINT a;
SELECT contact_guard.act_as('first');
SAVEPOINT b;
RELEASE b;
ROLLBACK TO a;
SELECT contact_guard.current_actor();
SELECT contact_guard.act_as('second', 'regress_verdict_desk');
RELEASE a;
SELECT contact_guard.current_actor(), count(*) FROM customer WHERE phone = 'shown';
ROLLBACK;
SELECT contact_guard.current_actor(), count(*) FROM customer WHERE phone = 'shown';
RESET SESSION AUTHORIZATION;
SELECT contact_guard.sync();
SELECT DISTINCT actor, login = session_user AS login, event, purpose FROM contact_guard.access_log WHERE actor IN ('anna@tablet', 'first', 'second') ORDER BY 1, 2, 3;

SET client_min_messages = warning;
SELECT contact_guard.disallow('regress_verdict_desk'), contact_guard.close_intervention(:id2);
DROP SCHEMA regress_verdict CASCADE;
DROP ROLE regress_verdict_owner, regress_verdict_anna, regress_verdict_app, regress_verdict_desk;
