-- Cursors: a row that one fetches is a read of that moment.
-- Anna has open windows at 6 and 7; closing is done by the superuser through the built-in functions.
CREATE SCHEMA regress_cursor;
SET search_path = regress_cursor;
SET client_min_messages = warning;
CREATE ROLE regress_cursor_anna;
RESET client_min_messages;
GRANT USAGE ON SCHEMA regress_cursor TO regress_cursor_anna;
CREATE TABLE customer (id int PRIMARY KEY, phone text);
INSERT INTO customer SELECT i, '06' || to_char(i, 'FM00000000') FROM generate_series(5, 8) i;
SELECT contact_guard.protect('customer', 'id', '{phone}', mask => 'partial(4,2)');
GRANT SELECT, UPDATE ON customer TO regress_cursor_anna;
-- visits with their own end: what closes them is the clock
CREATE TABLE visit (id int PRIMARY KEY, customer int, technician text, starts timestamptz, ends timestamptz);
CREATE INDEX ON visit (technician, starts);
INSERT INTO visit VALUES (1, 6, 'regress_cursor_anna', '-infinity', clock_timestamp() + interval '1 h'),
	(2, 7, 'regress_cursor_anna', '-infinity', clock_timestamp() + interval '1 h');
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends');
CREATE FUNCTION phones() RETURNS SETOF text LANGUAGE plpgsql AS
	$$BEGIN RETURN QUERY SELECT phone FROM regress_cursor.customer WHERE id > 5 ORDER BY id; END$$;
CREATE PROCEDURE visit_ends(in seconds float) LANGUAGE sql AS
	$$UPDATE regress_cursor.visit SET ends = clock_timestamp() + seconds * interval '1 s'$$;

-- within a window
SET SESSION AUTHORIZATION regress_cursor_anna;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT * FROM customer ORDER BY id;
FETCH 2 FROM c;
FETCH BACKWARD FROM c;
FETCH LAST FROM c;
FETCH ABSOLUTE 3 FROM c;
MOVE FIRST FROM c;
FETCH ALL FROM c;
CLOSE c;
DECLARE u CURSOR FOR SELECT * FROM customer WHERE id = 5 FOR UPDATE;
FETCH u;
UPDATE customer SET phone = '0655555555' WHERE CURRENT OF u RETURNING phone;
COMMIT;

-- WITH HOLD would keep the rows for later
DECLARE c CURSOR WITH HOLD FOR SELECT phone FROM customer;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM customer WHERE phone = '0600000007';
ROLLBACK;
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM customer ORDER BY id;
COMMIT;
FETCH c;
CLOSE c;

-- windows that end while cursors are open: of what has been sorted, materialised, hashed nothing more comes
RESET SESSION AUTHORIZATION;
CALL visit_ends(3);
\c -
SET search_path = regress_cursor;
SET SESSION AUTHORIZATION regress_cursor_anna;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
DECLARE held CURSOR WITH HOLD FOR SELECT * FROM phones();
FETCH held;
BEGIN;
DECLARE rewound SCROLL CURSOR FOR SELECT id, phone FROM customer WHERE id > 5 ORDER BY phone;
DECLARE function CURSOR FOR SELECT * FROM phones();
MOVE ALL FROM rewound;
FETCH function;
DECLARE sorted CURSOR FOR SELECT id, phone FROM customer WHERE id > 5 ORDER BY phone DESC, id;
DECLARE scrolled SCROLL CURSOR FOR SELECT id, phone FROM customer WHERE id > 5 AND random() >= 0;
DECLARE grouped CURSOR FOR SELECT phone, count(*) FROM customer GROUP BY phone;
DECLARE cte CURSOR FOR WITH w AS MATERIALIZED (SELECT * FROM customer WHERE id > 5) SELECT * FROM w;
DECLARE plain CURSOR FOR SELECT id, phone FROM customer WHERE id IN (5, 7) ORDER BY id;
DECLARE untouched CURSOR FOR SELECT id, phone FROM customer WHERE id IN (5, 7) ORDER BY id;
FETCH sorted;
FETCH scrolled;
FETCH plain;
SELECT count(*) > 0 AS open FROM contact_guard.open_interventions();
MOVE grouped;
MOVE 2 FROM cte;
SELECT pg_sleep(3.2);
SELECT count(*) > 0 AS open FROM contact_guard.open_interventions();
SAVEPOINT s;
FETCH sorted;
ROLLBACK TO s;
FETCH BACKWARD FROM scrolled;
ROLLBACK TO s;
FETCH grouped;
ROLLBACK TO s;
FETCH cte;
ROLLBACK TO s;
FETCH FIRST FROM rewound;
ROLLBACK TO s;
FETCH function;
ROLLBACK TO s;
FETCH held;
ROLLBACK TO s;
FETCH ALL FROM untouched;
SELECT id, phone FROM customer WHERE id = 7;
COMMIT;

-- another actor cannot go on with what was shown to the first
RESET SESSION AUTHORIZATION;
CALL visit_ends(3600);
CREATE ROLE regress_cursor_bob;
GRANT regress_cursor_bob TO regress_cursor_anna;
GRANT SELECT ON customer TO regress_cursor_bob;
GRANT USAGE ON SCHEMA regress_cursor TO regress_cursor_bob;
\c -
SET search_path = regress_cursor;
SET SESSION AUTHORIZATION regress_cursor_anna;
BEGIN;
DECLARE c CURSOR FOR SELECT id, phone FROM customer WHERE id > 5 ORDER BY id;
FETCH c;
SET ROLE regress_cursor_bob;
FETCH c;
ROLLBACK;
SELECT id, phone FROM customer WHERE id = 7;
RESET SESSION AUTHORIZATION;

SET client_min_messages = warning;
SELECT contact_guard.forget_interventions('visit');
SELECT contact_guard.unprotect('customer');
DROP SCHEMA regress_cursor CASCADE;
DROP ROLE regress_cursor_anna, regress_cursor_bob;
