-- SELECT in all its forms: outside a window the mask, whatever one writes.
-- Anna has an open window at customer 7, Bob none.
CREATE SCHEMA regress_select;
SET search_path = regress_select;
CREATE ROLE regress_select_anna;
CREATE ROLE regress_select_bob;
GRANT ALL ON SCHEMA regress_select TO regress_select_anna, regress_select_bob;
CREATE TABLE customer (id bigint PRIMARY KEY, gone int, name text, phone varchar(20), city text);
ALTER TABLE customer DROP gone;
INSERT INTO customer SELECT i, 'n' || i, '06' || to_char(i, 'FM00000000'), chr(64 + i % 2 + 1) FROM generate_series(6, 8) i;
INSERT INTO customer VALUES (9, 'n9', NULL, 'A');
CREATE TABLE visit (customer_id bigint, what text);
INSERT INTO visit VALUES (7, 'meter'), (8, 'boiler'), (99, 'nobody');
SELECT contact_guard.protect('customer', 'id', '{phone}', mask => 'partial(4,2)');
SELECT contact_guard.open_intervention(7::bigint, 'regress_select_anna', clock_timestamp() - interval '1 h', clock_timestamp() + interval '1 h') > 0 AS opened;
GRANT ALL ON ALL TABLES IN SCHEMA regress_select TO regress_select_anna, regress_select_bob;
SET SESSION AUTHORIZATION regress_select_anna;

-- plain, aliases, expressions, whole rows
SELECT * FROM customer ORDER BY id;
SELECT c.phone AS p, length(phone), 'tel:' || phone AS uri, phone IS NULL AS none FROM customer c ORDER BY c.id;
SELECT p FROM customer AS c (i, n, p) ORDER BY i;
SELECT c FROM customer c ORDER BY id;
SELECT row_to_json(c) FROM customer c ORDER BY id;
SELECT (c).phone, (c.*)::text, c::customer IS DISTINCT FROM c AS differs FROM customer c WHERE id IN (6, 7) ORDER BY id;
SELECT to_jsonb(c) ->> 'phone' AS phone, (jsonb_each_text(to_jsonb(c))).* FROM customer c WHERE id = 6;
SELECT ROW(c.*) = ROW(c.*) AS same, ARRAY[phone], COALESCE(phone, '-'), CASE WHEN id = 6 THEN phone END FROM customer c WHERE id IN (6, 7) ORDER BY id;
SELECT query_to_xml('SELECT phone FROM regress_select.customer WHERE id = 6', false, true, '');
SELECT tableoid::regclass, ctid IS NULL AS no_ctid, phone FROM ONLY customer WHERE id = 6;
TABLE customer ORDER BY id LIMIT 1;

-- predicates see the mask
SELECT id FROM customer WHERE phone = '0600000006';
SELECT id FROM customer WHERE phone = '0600****06';
SELECT id FROM customer WHERE phone LIKE '0600000%';
SELECT id FROM customer WHERE phone ~ '^06' AND phone <> '0600000008' ORDER BY id;
SELECT id FROM customer WHERE phone IN ('0600000006', '0600000007') OR phone BETWEEN '0600000008' AND '0600000009';
SELECT id FROM customer WHERE phone > '0600000000' ORDER BY phone DESC, id;
SELECT id FROM customer ORDER BY phone COLLATE "C" NULLS FIRST;

-- joins of every kind
SELECT what, name, phone FROM visit JOIN customer ON id = customer_id ORDER BY id;
SELECT what, c, phone FROM visit LEFT JOIN customer c ON id = customer_id ORDER BY customer_id;
SELECT what, row_to_json(c) AS json FROM visit LEFT JOIN customer c ON id = customer_id ORDER BY customer_id;
SELECT count(*), count(c), count(c.phone) FROM visit LEFT JOIN customer c ON id = customer_id;
SELECT what, phone FROM visit RIGHT JOIN customer ON id = customer_id ORDER BY id;
SELECT phone, a.id, b.id FROM customer a JOIN customer b USING (phone) ORDER BY a.id;
SELECT phone, x.what FROM customer FULL JOIN (VALUES ('0600000006', 'six'), ('0600000007', 'seven'), ('0600****08', 'a mask')) x (phone, what) USING (phone) ORDER BY phone COLLATE "C", what;
SELECT id, x.what FROM customer NATURAL JOIN (VALUES ('0600000006', 'six'), ('0600000007', 'seven')) x (phone, what);
SELECT j.phone, j FROM (customer a CROSS JOIN (VALUES (1)) b (one)) j WHERE id IN (6, 7) ORDER BY id;
SELECT a.id FROM customer a WHERE EXISTS (SELECT FROM (VALUES ('0600000006'), ('0600000007')) v (p) WHERE p = a.phone);
SELECT v.p FROM (VALUES ('0600000006'), ('0600000007')) v (p) WHERE p NOT IN (SELECT phone FROM customer WHERE phone IS NOT NULL);
SELECT v.p FROM (VALUES ('0600000006'), ('0600000007')) v (p) LEFT JOIN customer ON phone = p WHERE id IS NULL;

-- subqueries, LATERAL, CTE, set operations
SELECT id, (SELECT phone) AS p, (SELECT c.phone || '!' FROM visit LIMIT 1) AS q FROM customer c WHERE id IN (6, 7) ORDER BY id;
SELECT id, l.* FROM customer c, LATERAL (SELECT c.phone AS x OFFSET 0) l, LATERAL (VALUES (phone, upper(x))) v WHERE id IN (6, 7) ORDER BY id;
SELECT id, s FROM customer c, LATERAL string_to_table(phone, '0') s WHERE id = 6;
WITH w AS MATERIALIZED (SELECT * FROM customer) SELECT phone FROM w WHERE id IN (6, 7) ORDER BY id;
SELECT (WITH w AS MATERIALIZED (SELECT c.phone) SELECT * FROM w) FROM customer c ORDER BY id;
WITH RECURSIVE w AS (SELECT id, phone::text FROM customer WHERE id = 6
  UNION ALL SELECT c.id, w.phone || ' ' || c.phone FROM w JOIN customer c ON c.id = w.id + 1) SELECT * FROM w;
SELECT phone FROM customer WHERE id = 6 UNION SELECT phone FROM customer WHERE id = 7 ORDER BY 1;
SELECT '0600000006' INTERSECT SELECT phone FROM customer;
SELECT phone FROM customer EXCEPT ALL SELECT '0600****06' ORDER BY 1;
SELECT (ARRAY(SELECT phone FROM customer ORDER BY id))[2:3], (SELECT array_agg(phone ORDER BY id) FROM customer);

-- grouping, window functions
SELECT phone, count(*) FROM customer GROUP BY phone ORDER BY phone;
SELECT left(phone, 4), count(*), min(phone), max(phone), string_agg(phone, ',' ORDER BY id) FROM customer GROUP BY left(phone, 4) ORDER BY 1;
SELECT id, phone FROM customer GROUP BY id ORDER BY id;
SELECT phone FROM customer GROUP BY phone HAVING phone LIKE '%07';
SELECT phone FROM customer GROUP BY phone HAVING count(*) > 0 AND max(name) > phone ORDER BY phone LIMIT 1;
SELECT city, phone, count(*), grouping(phone) FROM customer WHERE id < 9 GROUP BY ROLLUP (city, phone) ORDER BY 1, 2;
SELECT phone, count(*) FROM customer WHERE id < 9 GROUP BY ROLLUP (phone) HAVING phone IS NULL;
-- PostgreSQL 18 can tell the null of another set from a value that is null
DO $$DECLARE rolled text; BEGIN
	SELECT string_agg(coalesce(phone, '') || ' ' || coalesce(what, ''), ',' ORDER BY phone) INTO rolled
		FROM (SELECT phone, (SELECT 'rolled up' WHERE customer.phone IS NULL) AS what FROM customer WHERE id < 9 GROUP BY ROLLUP (phone)) s;
	RAISE INFO 'as it must be: %', rolled = '0600****06 ,0600****08 ,0600000007 , rolled up';
EXCEPTION WHEN feature_not_supported THEN
	RAISE INFO 'as it must be: %', SQLERRM = 'relation "customer" has guarded columns, and cannot be used in a sub-select of a query with grouping sets';
END$$;
SELECT DISTINCT phone FROM customer ORDER BY phone;
SELECT DISTINCT ON (left(phone, 4)) id, phone FROM customer ORDER BY left(phone, 4), id;
SELECT id, lag(phone) OVER w, first_value(phone) OVER (PARTITION BY city ORDER BY phone) FROM customer WINDOW w AS (ORDER BY id) ORDER BY id;
SELECT count(*) FILTER (WHERE phone = '0600000006') AS six, count(*) FILTER (WHERE phone = '0600000007') AS seven FROM customer;
SELECT percentile_disc(0) WITHIN GROUP (ORDER BY phone) FROM customer;
SELECT id, phone FROM customer ORDER BY id FOR UPDATE OF customer LIMIT 1;
SELECT phone FROM customer TABLESAMPLE system (100) WHERE id = 6;
EXPLAIN (VERBOSE, COSTS OFF) SELECT phone FROM customer WHERE phone = '0600000006';
RESET SESSION AUTHORIZATION;

-- a stranger sees masks alone, a superuser everything
SET SESSION AUTHORIZATION regress_select_bob;
SELECT phone FROM customer ORDER BY id;
RESET SESSION AUTHORIZATION;
SELECT phone FROM customer ORDER BY id;

SET client_min_messages = warning;
SELECT contact_guard.close_intervention(id) FROM contact_guard.intervention WHERE technician = 'regress_select_anna';
SELECT contact_guard.unprotect('customer');
DROP SCHEMA regress_select CASCADE;
DROP ROLE regress_select_anna, regress_select_bob;
