-- A policy follows renames; what breaks it withholds, and status() says why.
CREATE SCHEMA regress_follow;
SET search_path = regress_follow;
CREATE ROLE regress_follow_anna;
GRANT USAGE ON SCHEMA regress_follow TO regress_follow_anna;
CREATE TABLE customer (id int PRIMARY KEY, name text, phone text);
INSERT INTO customer VALUES (7, 'n7', '0600000007');
CREATE TABLE job (id int, customer_id int, technician text, starts_at timestamptz, ends_at timestamptz, status text);
CREATE INDEX ON job (technician, starts_at);
INSERT INTO job VALUES (1, 7, 'regress_follow_anna', clock_timestamp() - interval '1 h', clock_timestamp() + interval '1 h', 'on_site');
GRANT SELECT ON customer TO regress_follow_anna;
SELECT contact_guard.use_interventions('job', customer => 'customer_id', technician => 'technician',
	opens_at => 'starts_at', closes_at => 'ends_at', open_when => $$status = 'on_site'$$);
SELECT contact_guard.protect('customer', customer => 'id', columns => '{phone}', mask => 'partial(4,2)');
CREATE VIEW wrong AS SELECT problem FROM contact_guard.status(), unnest(problems) problem WHERE problem NOT LIKE 'no window can open%';

ALTER TABLE job RENAME COLUMN ends_at TO until;
ALTER TABLE job RENAME TO visit;
ALTER TABLE customer RENAME COLUMN phone TO tel;
ALTER TABLE customer RENAME COLUMN id TO number;
ALTER TABLE customer RENAME TO client;
SET ROLE regress_follow_anna;
SELECT tel FROM client;
RESET ROLE;
SELECT * FROM wrong;

-- a column that open_when names is another one: nobody is shown anything
ALTER TABLE visit RENAME COLUMN status TO state;
SET ROLE regress_follow_anna;
SELECT tel FROM client;
RESET ROLE;
SELECT * FROM wrong;
ALTER TABLE visit RENAME COLUMN state TO status;
SET ROLE regress_follow_anna;
SELECT tel FROM client;
RESET ROLE;

ALTER TABLE visit DROP COLUMN until;
SET ROLE regress_follow_anna;
SELECT tel FROM client;
RESET ROLE;
SELECT * FROM wrong;

DROP TABLE visit;
SET ROLE regress_follow_anna;
SELECT tel FROM client;
RESET ROLE;
SELECT problems FROM contact_guard.status();

-- without its customer key a table keeps its guard, and its other columns
ALTER TABLE client DROP COLUMN number;
SET ROLE regress_follow_anna;
SELECT name FROM client;
SELECT tel FROM client;
RESET ROLE;
SELECT * FROM wrong;

-- so does one whose guarded column has become something else
ALTER TABLE client ADD COLUMN number int;
SELECT contact_guard.protect('client', customer => 'number', columns => '{tel}', mask => 'partial(4,2)');
UPDATE client SET number = 7;
ALTER TABLE client ALTER COLUMN tel TYPE bigint USING tel::bigint;
SET ROLE regress_follow_anna;
SELECT name, tel FROM client;
RESET ROLE;

-- what was dropped is on record
SELECT contact_guard.sync();
SELECT reason FROM contact_guard.access_log WHERE event = 'policy' AND reason LIKE 'drop of regress_follow.%' ORDER BY seq;
SELECT contact_guard.unprotect('client');
SET client_min_messages = warning;
DROP SCHEMA regress_follow CASCADE;
DROP ROLE regress_follow_anna;
