-- Statistics of guarded columns hold values: only superusers see them.
CREATE SCHEMA regress_statistics;
SET search_path = regress_statistics;
CREATE ROLE regress_statistics_anna;
GRANT USAGE ON SCHEMA regress_statistics TO regress_statistics_anna;
CREATE TABLE customer (id int PRIMARY KEY, name text, phone text);
INSERT INTO customer SELECT i, 'n' || i % 10, '06' || to_char(i, 'FM00000000') FROM generate_series(1, 1000) i;
CREATE TABLE other (id int, phone text);
INSERT INTO other SELECT i, 'x' || i FROM generate_series(1, 100) i;
CREATE INDEX customer_upper ON customer (upper(phone));
CREATE STATISTICS customer_both (mcv) ON name, phone FROM customer;
GRANT SELECT ON customer, other TO regress_statistics_anna;
ANALYZE customer, other;
SELECT contact_guard.protect('customer', 'id', '{phone}', mask => 'partial(4,2)');

SET SESSION AUTHORIZATION regress_statistics_anna;
SELECT tablename, attname FROM pg_stats WHERE schemaname = 'regress_statistics' ORDER BY 1, 2;
SELECT statistics_name FROM pg_stats_ext WHERE schemaname = 'regress_statistics';
SELECT count(*) FROM pg_stats_ext_exprs WHERE schemaname = 'regress_statistics';
CREATE TEMP VIEW mine AS SELECT tablename, attname, null_frac FROM pg_stats;
SELECT count(*) FROM mine WHERE tablename = 'customer' AND attname = 'phone';
RESET SESSION AUTHORIZATION;
SELECT tablename, attname FROM pg_stats WHERE schemaname = 'regress_statistics' ORDER BY 1, 2;
SELECT statistics_name FROM pg_stats_ext WHERE schemaname = 'regress_statistics';
-- ... with a record of each statement
SELECT contact_guard.sync();
SELECT event, relation, columns, actor = current_user AS me, query FROM contact_guard.access_log
	WHERE relation = 'regress_statistics.customer' AND event = 'lookup' ORDER BY seq;
-- a superuser's function asks for its caller
CREATE FUNCTION peek() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS
	$$SELECT count(*) FROM pg_stats WHERE tablename = 'customer' AND attname = 'phone'$$;
SET SESSION AUTHORIZATION regress_statistics_anna;
SELECT regress_statistics.peek();
DROP VIEW mine;
RESET SESSION AUTHORIZATION;

SELECT contact_guard.unprotect('customer');
SET client_min_messages = warning;
DROP SCHEMA regress_statistics CASCADE;
DROP ROLE regress_statistics_anna;
