-- What PostgreSQL says of a row that fails must not show the row's guarded values,
-- neither to the client nor to a procedural language.
CREATE SCHEMA regress_failures;
SET search_path = regress_failures;
CREATE ROLE regress_failures_anna;
GRANT ALL ON SCHEMA regress_failures TO regress_failures_anna;
CREATE TABLE customer (id int PRIMARY KEY, name text NOT NULL CHECK (name <> 'bad'), phone text);
INSERT INTO customer SELECT i, 'n' || i, '06' || to_char(i, 'FM00000000') FROM generate_series(1, 5) i;
CREATE TABLE part (id int, phone text, zone int) PARTITION BY RANGE (zone);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (1) TO (10);
INSERT INTO part VALUES (1, '0600000001', 1);
SELECT contact_guard.protect('customer', 'id', '{phone}', mask => 'partial(4,2)');
SELECT contact_guard.protect('part', 'id', '{phone}', mask => 'partial(4,2)');
GRANT ALL ON ALL TABLES IN SCHEMA regress_failures TO regress_failures_anna;
SET SESSION AUTHORIZATION regress_failures_anna;
UPDATE customer SET name = NULL WHERE id = 1;
UPDATE customer SET name = 'bad' WHERE id = 1;
UPDATE part1 SET zone = 100;
CREATE VIEW checked AS SELECT * FROM customer WHERE name <> 'zz' WITH CHECK OPTION;
UPDATE checked SET name = 'zz' WHERE id = 1;
MERGE INTO customer USING (VALUES (1)) v (i) ON id = i WHEN MATCHED THEN UPDATE SET name = 'bad';
INSERT INTO customer VALUES (1, 'n') ON CONFLICT (id) DO UPDATE SET name = 'bad';
WITH w AS (UPDATE customer SET name = 'bad' WHERE id = 1 RETURNING id) SELECT * FROM w;
DO $$DECLARE d text; BEGIN
	UPDATE customer SET name = 'bad' WHERE id = 2;
EXCEPTION WHEN check_violation THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
	RAISE NOTICE 'caught [%]', d;
END$$;
DO $$DECLARE d text; BEGIN
	UPDATE checked SET name = 'zz' WHERE id = 2;
EXCEPTION WHEN with_check_option_violation THEN
	GET STACKED DIAGNOSTICS d = PG_EXCEPTION_DETAIL;
	RAISE NOTICE 'caught [%]', d;
END$$;
-- conversions fail on the mask
SELECT phone::int FROM customer WHERE id = 1;
SELECT phone::date FROM customer WHERE id = 1;
-- other tables keep their details
CREATE TABLE mine (id int CHECK (id > 0));
INSERT INTO mine VALUES (-1);
RESET SESSION AUTHORIZATION;

SET client_min_messages = warning;
SELECT contact_guard.unprotect('customer'), contact_guard.unprotect('part');
DROP SCHEMA regress_failures CASCADE;
DROP ROLE regress_failures_anna;
