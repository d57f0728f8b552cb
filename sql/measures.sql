-- The length of a withheld value: nodes of the executor keep stored values, and EXPLAIN told
-- how much room they take.
CREATE SCHEMA regress_measures;
SET search_path = regress_measures;
CREATE ROLE regress_measures_anna;
CREATE ROLE regress_measures_desk;
GRANT USAGE, CREATE ON SCHEMA regress_measures TO regress_measures_anna, regress_measures_desk;
CREATE TABLE customer (id int PRIMARY KEY, name text, phone text);
INSERT INTO customer SELECT i, 'n' || i % 10, repeat('6', 61) FROM generate_series(1, 100) i;
CREATE TABLE other (id int, k int, phone text);
INSERT INTO other SELECT i, i % 5, repeat('x', 17) FROM generate_series(1, 100) i;
GRANT SELECT, UPDATE, DELETE ON customer, other TO regress_measures_anna, regress_measures_desk;
ANALYZE customer, other;
SELECT contact_guard.protect('customer', 'id', '{phone}', mask => 'constant(WITHHELD)');
SELECT contact_guard.allow('regress_measures_desk', 'planning');
-- the lines of a plan that tell about memory, files or widths, without most of their numbers
CREATE FUNCTION measures(query text, options text = '') RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE whole text; line text;
BEGIN
	FOR whole IN EXECUTE format('EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF%s) %s', options, query) LOOP
		FOREACH line IN ARRAY string_to_array(whole, E'\n') LOOP
			IF line ~ 'Memory|Disk|kB|Batches|Buckets|temp |Temp [A-Z][a-z]+ Blocks": [1-9]|Storage|Space' THEN
				RETURN NEXT CASE WHEN line ~ '^ *Storage' THEN trim(line)
				                 ELSE regexp_replace(regexp_replace(trim(line), '\d+', 'N', 'g'), '(shared [a-z]+=N ?)+(, )?', '') END;
			END IF;
		END LOOP;
	END LOOP;
END$$;
CREATE FUNCTION widths(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
	FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
		RETURN NEXT regexp_replace(line, '\(cost.* (width=\d+)\)', '\1');
	END LOOP;
END$$;
CREATE FUNCTION several() RETURNS TABLE (what text, line text) LANGUAGE plpgsql AS $$
BEGIN
	SET LOCAL enable_nestloop = off;
	SET LOCAL enable_mergejoin = off;
	RETURN QUERY SELECT 'sort', m FROM measures('SELECT phone, g FROM customer c, generate_series(1, 50) g WHERE c.id = 9 ORDER BY g OFFSET 0') m;
	RETURN QUERY SELECT 'no row', m FROM measures('SELECT phone, g FROM customer c, generate_series(1, 50) g WHERE c.id = 9 ORDER BY g OFFSET 100000') m;
	RETURN QUERY SELECT 'json', m FROM measures('SELECT phone, g FROM customer c, generate_series(1, 50) g WHERE c.id = 9 ORDER BY g OFFSET 0', ', FORMAT json') m;
	RETURN QUERY SELECT 'hash', m FROM measures('SELECT c.phone FROM generate_series(1, 500) g JOIN customer c ON c.id = g') m;
	RETURN QUERY SELECT 'group', m FROM measures('SELECT phone, count(*) FROM customer GROUP BY id') m;
	SET LOCAL enable_nestloop = on;
	SET LOCAL enable_hashjoin = off;
	SET LOCAL enable_seqscan = off;
	RETURN QUERY SELECT 'material', m FROM measures('SELECT c.phone FROM customer c JOIN customer d ON c.name < d.name WHERE d.id < 4') m;
	RETURN QUERY SELECT 'memoize', m FROM measures('SELECT c.phone FROM other o JOIN customer c ON c.id = o.k') m;
	RETURN QUERY SELECT 'cte', m FROM measures('WITH c AS MATERIALIZED (SELECT * FROM customer), d AS (SELECT c.phone, row_number() OVER (ORDER BY c.id) FROM c, c e) SELECT count(*) FROM d') m;
	SET LOCAL work_mem = '64kB';
	RETURN QUERY SELECT 'files', m FROM measures('SELECT phone, g FROM customer c, generate_series(1, 5000) g WHERE c.id = 9 ORDER BY g OFFSET 0') m;
END$$;
-- which counters of WAL and blocks the nodes of a plan have
CREATE FUNCTION written(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text; result text[];
BEGIN
	FOR line IN EXECUTE 'EXPLAIN (ANALYZE, WAL, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF) ' || query LOOP
		EXIT WHEN line ~ '^Planning';
		result := result || substring(line FROM 'WAL|Buffers');
	END LOOP;
	RETURN array_to_string(ARRAY(SELECT DISTINCT unnest(result) COLLATE "C" ORDER BY 1), ' ');
END$$;
CREATE FUNCTION rename(who int) RETURNS int LANGUAGE plpgsql AS $$BEGIN UPDATE customer SET name = 'x' WHERE id = who; RETURN 1; END$$;
CREATE FUNCTION all_written() RETURNS TABLE (what text, counters text) LANGUAGE sql AS $$
	SELECT 'update', written('UPDATE customer SET name = ''y'' WHERE id = 9')
	UNION ALL SELECT 'cte', written('WITH u AS (UPDATE customer SET name = ''z'' WHERE id = 9 RETURNING id) SELECT * FROM u')
	UNION ALL SELECT 'cte not read', written('WITH u AS (UPDATE customer SET name = ''v'' WHERE id = 9) SELECT 1')
	UNION ALL SELECT 'function', written('SELECT rename(9)')
	UNION ALL SELECT 'delete', written('DELETE FROM customer WHERE id = 10')
	UNION ALL SELECT 'read', written('SELECT name FROM customer WHERE id = 9')
	UNION ALL SELECT 'other', written('UPDATE other SET k = k + 1 WHERE id = 9')
$$;
SET SESSION AUTHORIZATION regress_measures_desk;
SELECT what, count(*) > 0 AS told FROM regress_measures.several()
	WHERE what NOT IN ('material', 'cte') /* PostgreSQL 18 */ GROUP BY what ORDER BY what;
SET SESSION AUTHORIZATION regress_measures_anna;
SELECT what, line FROM regress_measures.several()
	WHERE line <> 'Storage: Memory  Maximum Storage: 17kB' /* PostgreSQL 18, of a store that has had no row */;
-- the size of WAL and the number of blocks tell the length of what a statement writes again
BEGIN;
SELECT * FROM regress_measures.all_written();
ROLLBACK;
SET SESSION AUTHORIZATION regress_measures_desk;
BEGIN;
SELECT * FROM regress_measures.all_written() WHERE what <> 'read' /* may prune the page */;
ROLLBACK;
SET SESSION AUTHORIZATION regress_measures_anna;
-- other tables keep theirs
SELECT regress_measures.measures('SELECT o.phone, g FROM regress_measures.other o, generate_series(1, 50) g WHERE o.id = 9 ORDER BY g OFFSET 0');
-- the average width of the column is not told; that of other columns is
SELECT regress_measures.widths('SELECT phone FROM regress_measures.customer ORDER BY id OFFSET 3');
SELECT regress_measures.widths('SELECT phone FROM regress_measures.other');
-- trace_sort tells the client
SET trace_sort = on;
SET client_min_messages = log;
SELECT count(*) FROM (SELECT phone, g FROM regress_measures.customer c, generate_series(1, 50) g WHERE c.id = 9 ORDER BY g OFFSET 100000) s;
RESET client_min_messages;
RESET trace_sort;
RESET SESSION AUTHORIZATION;

SELECT contact_guard.disallow('regress_measures_desk');
SELECT contact_guard.unprotect('customer');
SET client_min_messages = warning;
DROP SCHEMA regress_measures CASCADE;
DROP ROLE regress_measures_anna, regress_measures_desk;
