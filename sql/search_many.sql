-- Several searches in one statement: each has names and a count of its own.
SET client_min_messages = warning;
CREATE SCHEMA searches;
SET search_path = searches;
CREATE ROLE searches_dispatcher;
CREATE TABLE customer (id int PRIMARY KEY, phone text, email text);
INSERT INTO customer SELECT i, '06' || lpad(i::text, 8, '0'), 'c' || i || '@example.org' FROM generate_series(1, 1000) i;
ANALYZE customer;
GRANT USAGE ON SCHEMA searches TO PUBLIC;
GRANT SELECT ON customer TO PUBLIC;
SELECT contact_guard.protect('customer', 'id', '{phone,email}', 'partial(2,0)');
SELECT contact_guard.allow('searches_dispatcher', 'planning', 'customer');
CREATE TABLE seen AS SELECT coalesce(max(seq), 0) AS seq FROM contact_guard.log;
CREATE FUNCTION recorded() RETURNS TABLE (event text, columns text[], customer text, records bigint, rows numeric) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM contact_guard.sync();
	RETURN QUERY SELECT l.event, l.columns, l.customer, count(*), sum(l.count) FROM contact_guard.access_log l, seen s
		WHERE l.seq > s.seq AND l.event IN ('shown', 'lookup', 'searched') AND l.relation = 'searches.customer' GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
	UPDATE seen SET seq = (SELECT max(l.seq) FROM contact_guard.log l);
END $$;

-- a search of many does not hide whom another one is about
SET ROLE searches_dispatcher;
SELECT (SELECT count(*) FROM customer WHERE id > 100 AND phone ILIKE '%zz%') AS many,
	EXISTS (SELECT FROM customer WHERE id = 42 AND phone ILIKE '01%') AS a, EXISTS (SELECT FROM customer WHERE id = 43 AND email ILIKE 'x%') AS b;
RESET ROLE;
SELECT * FROM recorded();
-- of two columns of one customer
SET ROLE searches_dispatcher;
SELECT a.id FROM customer a JOIN customer b ON a.id = b.id WHERE a.id = 42 AND a.phone ILIKE '06%' AND b.id = 42 AND b.email ILIKE 'x%';
RESET ROLE;
SELECT * FROM recorded();
-- customers whom a look-up finds are none of those whom a search has compared
SET ROLE searches_dispatcher;
SELECT count(*) FROM customer, generate_series(1, 5) g, LATERAL (SELECT 1 FROM customer WHERE phone = '0600000007' OFFSET 0) p
	WHERE customer.id <= 300 AND customer.email ILIKE 'x%';
RESET ROLE;
SELECT * FROM recorded();
-- too many searches: whom the last ones compare is shown
SELECT string_agg(format('SELECT id FROM customer WHERE id = %s AND phone ILIKE ''01%%''', i), ' UNION ALL ' ORDER BY i) AS query FROM generate_series(1, 33) i \gset
SET ROLE searches_dispatcher;
:query;
RESET ROLE;
SELECT event, columns, count(*), min(customer::int), max(customer::int) FROM recorded() GROUP BY 1, 2 ORDER BY 1, 2;

SELECT contact_guard.disallow('searches_dispatcher', 'customer');
DROP SCHEMA searches CASCADE;
DROP ROLE searches_dispatcher;
