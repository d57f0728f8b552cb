-- A mask is for eyes only: it is never stored, and what is written is what was sent.
-- Anna has an open window at customer 7.
CREATE SCHEMA regress_write;
SET search_path = regress_write;
CREATE ROLE regress_write_anna;
GRANT ALL ON SCHEMA regress_write TO regress_write_anna;
CREATE TABLE customer (id int PRIMARY KEY, name text, phone text);
INSERT INTO customer SELECT i, 'n' || i, '06' || to_char(i, 'FM00000000') FROM generate_series(5, 8) i;
CREATE TABLE parts (id int PRIMARY KEY, phones text[], main jsonb);
INSERT INTO parts VALUES (5, '{a,b,c}', '{"x": 1, "y": 2}'), (7, '{a,b,c}', '{"x": 1, "y": 2}');
SELECT contact_guard.protect('customer', 'id', '{phone}', mask => 'partial(4,2)');
SELECT contact_guard.protect('parts', 'id', '{phones,main}');
SELECT contact_guard.open_intervention(7::bigint, 'regress_write_anna', clock_timestamp() - interval '1 h', clock_timestamp() + interval '1 h') > 0 AS opened;
GRANT ALL ON ALL TABLES IN SCHEMA regress_write TO regress_write_anna;
SET SESSION AUTHORIZATION regress_write_anna;
CREATE TABLE mine (id int PRIMARY KEY, t text);

-- INSERT … SELECT
INSERT INTO mine SELECT id, phone FROM customer;
INSERT INTO mine SELECT id, row_to_json(c) FROM customer c;
INSERT INTO mine SELECT id, (SELECT phone FROM customer b WHERE b.id = a.id) FROM customer a;
INSERT INTO mine VALUES (1, (SELECT phone FROM customer WHERE id = 6));
INSERT INTO mine SELECT id, phone FROM customer WHERE id = 7;
INSERT INTO mine SELECT id, name FROM customer WHERE phone LIKE '0600****%';    -- only what one may see decides
SELECT * FROM mine ORDER BY id;
TRUNCATE mine;

-- UPDATE
UPDATE customer SET name = phone WHERE id = 6;
UPDATE customer SET name = phone WHERE id = 7 RETURNING name, phone;
UPDATE customer SET phone = upper(phone) WHERE id = 6;
UPDATE customer SET (name, phone) = (SELECT c.name, c.phone FROM customer c WHERE c.id = 6) WHERE id = 7;
UPDATE customer SET name = 'n7' RETURNING id, name, phone;
UPDATE customer SET phone = '0699999999' WHERE id = 6 RETURNING id, phone;
UPDATE customer SET phone = '0600****06' WHERE id = 6 RETURNING id, phone;    -- the mask, sent back: the value stays
UPDATE customer SET phone = '0700000007' WHERE id = 7 RETURNING id, phone;
UPDATE customer SET name = 'matched' WHERE phone = '0699999999';
UPDATE customer a SET name = 'joined' FROM customer b WHERE a.phone = b.phone AND a.id = 8 RETURNING a.name, b.phone;
UPDATE mine SET t = phone FROM customer WHERE customer.id = mine.id;
UPDATE parts SET phones[2] = 'new' WHERE id = 5;
UPDATE parts SET phones[2] = 'new' WHERE id = 7;    -- the rest of the array stays what it was
UPDATE parts SET main['y'] = '3' WHERE id = 7;
DELETE FROM customer WHERE phone LIKE '0600000008';
DELETE FROM customer WHERE id = 8 RETURNING customer, phone;

-- INSERT … ON CONFLICT, with the sender's own values
INSERT INTO customer VALUES (8, 'n8', '0600000008') RETURNING *;
INSERT INTO customer VALUES (8, 'n8', '0688888888') ON CONFLICT (id) DO UPDATE SET phone = EXCLUDED.phone RETURNING id, phone;
INSERT INTO customer VALUES (8, 'n8', '0600000000') ON CONFLICT (id) DO UPDATE SET name = customer.phone;
INSERT INTO customer VALUES (8, 'x', '0677777777') ON CONFLICT (id) DO UPDATE SET name = EXCLUDED.phone WHERE customer.phone = '0688****88' RETURNING id, name, phone;
INSERT INTO customer VALUES (8, 'x', '0677777777') ON CONFLICT (id) DO UPDATE SET name = 'guessed' WHERE customer.phone = '0688888888' RETURNING id;
INSERT INTO customer VALUES (8, 'x', '0677777777') ON CONFLICT DO NOTHING RETURNING phone;
INSERT INTO mine SELECT 1, '-' ON CONFLICT (id) DO UPDATE SET t = (SELECT phone FROM customer WHERE id = 6);
INSERT INTO mine SELECT 1, '-' ON CONFLICT (id) DO UPDATE SET t = (SELECT phone FROM customer WHERE id = 6);
TRUNCATE mine;

-- MERGE
MERGE INTO customer c USING (VALUES (6, '0666666666'), (9, '0600000009')) v (i, p) ON c.id = v.i
  WHEN MATCHED THEN UPDATE SET phone = v.p WHEN NOT MATCHED THEN INSERT VALUES (v.i, 'n9', v.p);
MERGE INTO customer c USING (VALUES (6)) v (i) ON c.id = v.i WHEN MATCHED THEN UPDATE SET name = 'x ' || phone;
MERGE INTO customer c USING (VALUES (6)) v (i) ON c.id = v.i WHEN MATCHED AND phone = '0666666666' THEN UPDATE SET name = 'guessed';
MERGE INTO customer c USING (VALUES ('0600000009')) v (p) ON c.phone = v.p WHEN MATCHED THEN UPDATE SET name = 'guessed' WHEN NOT MATCHED THEN DO NOTHING;
MERGE INTO mine m USING customer c ON c.id = m.id WHEN NOT MATCHED THEN INSERT VALUES (c.id, c.phone);
MERGE INTO mine m USING customer c ON c.id = m.id WHEN NOT MATCHED AND c.id <> 7 THEN DO NOTHING WHEN NOT MATCHED THEN INSERT VALUES (c.id, c.phone);
SELECT * FROM mine;
TRUNCATE mine;

-- data-modifying CTEs: what a SELECT at the top shows is not stored
WITH w AS (INSERT INTO mine VALUES (1, 'x')) SELECT phone FROM customer WHERE id = 6;
WITH w AS (UPDATE customer SET name = 'w' WHERE id = 6 RETURNING phone) SELECT * FROM w;
WITH w AS (SELECT phone FROM customer WHERE id = 6), i AS (INSERT INTO mine SELECT 3, phone FROM w) SELECT 1;
WITH w AS (UPDATE customer SET name = 'w' WHERE id = 6 RETURNING phone) INSERT INTO mine SELECT 4, phone FROM w;
SELECT * FROM mine ORDER BY id;

-- tables made of a query
CREATE TABLE copy AS SELECT * FROM customer;
CREATE TABLE copy AS SELECT * FROM customer WHERE id = 7;
SELECT * INTO copy2 FROM customer;
SELECT id, name INTO copy2 FROM customer WHERE phone LIKE '06%';
CREATE TABLE copy3 AS EXECUTE nothing;
PREPARE rows AS SELECT phone FROM customer;
CREATE TABLE copy3 AS EXECUTE rows;
CREATE MATERIALIZED VIEW matview AS SELECT phone FROM customer;
CREATE MATERIALIZED VIEW matview AS SELECT phone FROM customer WITH NO DATA;
REFRESH MATERIALIZED VIEW matview;
DROP MATERIALIZED VIEW matview;
SELECT * FROM copy;

-- who sets row_security off, as pg_dump does, wants no masks
SET row_security = off;
SELECT phone FROM customer WHERE id = 6;
SELECT phone FROM customer WHERE id = 7;
SELECT name FROM customer WHERE id = 8;
COPY customer TO STDOUT;
RESET row_security;

-- COPY
COPY (SELECT id, phone FROM customer ORDER BY id) TO STDOUT;
COPY (SELECT c FROM customer c WHERE phone = '0666666666') TO STDOUT;
COPY (DELETE FROM customer WHERE id = 9 RETURNING phone) TO STDOUT;
COPY (UPDATE customer SET name = 'c' WHERE id = 6 RETURNING phone) TO STDOUT;
COPY customer TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE (phone));
COPY customer (phone, id) TO STDOUT;
\set VERBOSITY sqlstate
COPY customer TO '/dev/null';
\set VERBOSITY default
COPY customer FROM STDIN;
10	n10	0600000010
\.
SELECT * FROM customer WHERE id = 10;
RESET SESSION AUTHORIZATION;

-- what a window shows may be copied where the setting says so; what it does not show, never
SET contact_guard.copies = record;
SET SESSION AUTHORIZATION regress_write_anna;
INSERT INTO mine SELECT id, phone FROM customer WHERE id = 7 RETURNING *;
INSERT INTO mine SELECT id, phone FROM customer WHERE id = 6;
SET contact_guard.copies = record;
RESET SESSION AUTHORIZATION;
RESET contact_guard.copies;
-- and a standing permission allows it in any case
SELECT contact_guard.allow('regress_write_anna', 'test');
SET SESSION AUTHORIZATION regress_write_anna;
CREATE TABLE all_of_it AS SELECT * FROM customer;
RESET SESSION AUTHORIZATION;
SELECT contact_guard.disallow('regress_write_anna');

-- what is in the tables now
SELECT * FROM customer ORDER BY id;
SELECT * FROM parts ORDER BY id;
COPY (SELECT phone FROM customer ORDER BY id) TO STDOUT;

SET client_min_messages = warning;
SELECT contact_guard.close_intervention(id) FROM contact_guard.intervention WHERE technician = 'regress_write_anna';
SELECT contact_guard.unprotect('customer'), contact_guard.unprotect('parts');
DROP SCHEMA regress_write CASCADE;
DROP ROLE regress_write_anna;
