-- Searches by people who may: only whom they find is shown; whom they compare is named or counted.
SET client_min_messages = warning;
CREATE SCHEMA search;
SET search_path = search;
CREATE ROLE search_anna;
CREATE ROLE search_dispatcher;
CREATE TABLE customer (id int PRIMARY KEY, name text, phone text, email varchar(40), active bool DEFAULT true);
INSERT INTO customer SELECT i, 'Customer ' || i, '06' || lpad(i::text, 8, '0'), 'C' || i || '@Example.org'
  FROM generate_series(1, 1000) i;
CREATE INDEX customer_phone ON customer (phone text_pattern_ops);
CREATE INDEX customer_lower ON customer (lower(email));
CREATE INDEX customer_name ON customer (lower(name));
CREATE INDEX customer_partial ON customer (id) WHERE phone LIKE '06%';
ANALYZE customer;
CREATE TABLE visit (id int, customer_id int, technician text, opens timestamptz, closes timestamptz);
INSERT INTO visit VALUES (1, 7, 'search_anna', now() - interval '1 hour', now() + interval '1 hour');
GRANT USAGE ON SCHEMA search TO PUBLIC;
GRANT CREATE ON SCHEMA search TO search_dispatcher;
GRANT SELECT ON customer, visit TO PUBLIC;
SELECT contact_guard.use_interventions('visit', customer => 'customer_id', technician => 'technician',
	opens_at => 'opens', closes_at => 'closes');
SELECT contact_guard.protect('customer', 'id', '{phone,email}', 'partial(2,0)');
SELECT contact_guard.allow('search_dispatcher', 'planning', 'customer');

-- What one statement has recorded, for the role that ran it last: events with their columns,
-- the customers named, and the rows.
CREATE TABLE seen AS SELECT coalesce(max(seq), 0) AS seq FROM contact_guard.log;
CREATE FUNCTION recorded() RETURNS TABLE (event text, columns text[], records bigint, first text, rows numeric) LANGUAGE plpgsql AS $$
BEGIN
	PERFORM contact_guard.sync();
	RETURN QUERY SELECT l.event, l.columns, count(*), min(l.customer), sum(l.count) FROM contact_guard.access_log l, seen s
		WHERE l.seq > s.seq AND l.event IN ('shown', 'withheld', 'lookup', 'searched') AND l.relation LIKE 'search.%' GROUP BY 1, 2 ORDER BY 1, 2;
	UPDATE seen SET seq = (SELECT max(l.seq) FROM contact_guard.log l);
END $$;
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS
	-- Later versions drop a constant group key, and say what is disabled.
	$$DECLARE line text; BEGIN FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
		IF line !~ 'Group Key|Disabled: true' THEN RETURN NEXT line; END IF; END LOOP; END$$;

-- as people search
SET ROLE search_dispatcher;
SELECT id FROM customer WHERE email ILIKE '%c17@%';
RESET ROLE;
SELECT * FROM recorded();
SET ROLE search_dispatcher;
SELECT id FROM customer WHERE upper(email) LIKE upper('c1_@%') AND active ORDER BY id LIMIT 3;
RESET ROLE;
SELECT * FROM recorded();
SET ROLE search_dispatcher;
SELECT id, phone FROM customer WHERE lower(email) = 'c42@example.org';
RESET ROLE;
SELECT * FROM recorded();
SET ROLE search_dispatcher;
SELECT id FROM customer WHERE phone ~ '42$' OR email ~* '^c42@' OR name = 'Customer 3' ORDER BY id LIMIT 4;
RESET ROLE;
SELECT * FROM recorded();
SET ROLE search_dispatcher;
SELECT id FROM customer WHERE phone LIKE '!06000000_7' ESCAPE '!' ORDER BY id LIMIT 3;
SELECT id FROM customer WHERE replace(phone, '06', '+336') = '+33600000017';
SELECT count(*) FROM customer WHERE phone NOT IN ('0600000017', '0600000018') AND phone BETWEEN '0600000010' AND '0600000019';
SELECT id FROM customer WHERE phone = ANY ('{0600000021,0600000022}');
RESET ROLE;
SELECT * FROM recorded();
-- of a statement with parameters, planned with and without their values
SET ROLE search_dispatcher;
PREPARE box(text) AS SELECT id FROM customer WHERE (email ILIKE '%' || $1 || '%' OR phone ILIKE '%' || $1 || '%') ORDER BY id;
EXECUTE box('C333@');
SET plan_cache_mode = force_generic_plan;
EXECUTE box('C333@');
RESET plan_cache_mode;
DEALLOCATE box;
RESET ROLE;
SELECT * FROM recorded();

-- who is compared and not found: up to 100 customers have names, also where few of many are not found
SET ROLE search_dispatcher;
SELECT count(*) FROM customer WHERE id = 42 AND phone ~ '^07';
RESET ROLE;
SELECT * FROM recorded();
SET ROLE search_dispatcher;
SELECT count(*) FROM customer WHERE phone ~ '^07' OR id <> 42;
RESET ROLE;
SELECT * FROM recorded();
SET ROLE search_dispatcher;
SELECT count(*) FROM customer WHERE id <= 100 AND phone ~ '^07';
RESET ROLE;
SELECT * FROM recorded();
SET ROLE search_dispatcher;
SELECT count(*) FROM customer WHERE id <= 101 AND phone ~ '^07';
RESET ROLE;
SELECT * FROM recorded();
-- by leakproof operators, which PostgreSQL would apply first
SET ROLE search_dispatcher;
SELECT count(*) FROM customer WHERE id = 42 AND name IS NOT NULL AND (phone = 'x' OR phone = 'y');
RESET ROLE;
SELECT * FROM recorded();
-- nobody is compared
SET ROLE search_dispatcher;
SELECT count(*) FROM customer WHERE id = -1 AND phone ~ '^07';
RESET ROLE;
SELECT * FROM recorded();
-- an error in the midst, a cursor that is read in part, a search that is rolled back
SET ROLE search_dispatcher;
PREPARE odd(text) AS SELECT id FROM customer WHERE id = 42 AND phone LIKE $1;
EXECUTE odd('06\');
DEALLOCATE odd;
RESET ROLE;
SELECT * FROM recorded();
SET ROLE search_dispatcher;
SET enable_indexscan = off;
SET enable_bitmapscan = off;
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM customer WHERE phone ILIKE '%5' ORDER BY id;
FETCH 2 FROM c;
ROLLBACK;
RESET enable_indexscan;
RESET enable_bitmapscan;
RESET ROLE;
SELECT * FROM recorded();

-- LIMIT: whom the search finds is shown, also if LIMIT leaves him out
SET ROLE search_dispatcher;
SELECT id, upper(phone) AS phone, name || '!' AS name FROM customer WHERE phone ILIKE '%5' ORDER BY lower(name), id LIMIT 2;
RESET ROLE;
SELECT * FROM recorded();
SET ROLE search_dispatcher;
SELECT id FROM customer WHERE phone ~ '^07' OR id <> 42 ORDER BY id LIMIT 1 OFFSET 998;
RESET ROLE;
SELECT event, columns, records FROM recorded();
-- who is compared last, before an error, has a name
SET enable_seqscan = off;
SET ROLE search_dispatcher;
SELECT id FROM customer WHERE id BETWEEN 42 AND 200 AND phone LIKE '060000004\' ORDER BY id DESC;
RESET ROLE;
RESET enable_seqscan;
SELECT event, columns, records, first, rows FROM recorded();
-- a table that was never analyzed may be small, so its rows are read
CREATE TABLE fresh AS SELECT id, phone FROM customer WHERE id <= 40;
CREATE INDEX fresh_lower ON fresh (lower(phone));
GRANT SELECT ON fresh TO PUBLIC;
SELECT contact_guard.protect('fresh', 'id', '{phone}', 'partial(2,0)');
SELECT contact_guard.allow('search_dispatcher', 'planning', 'fresh');
SELECT count(*) > 0 FROM recorded();
SET ROLE search_dispatcher;
SELECT id FROM fresh WHERE lower(phone) = '0777';
RESET ROLE;
SELECT event, columns, records FROM recorded();
SELECT contact_guard.disallow('search_dispatcher', 'fresh');
SET ROLE search_dispatcher;
CREATE FUNCTION search.tell(int) RETURNS bool LANGUAGE plpgsql COST 0.00001 AS $$BEGIN RAISE WARNING 'saw %', $1; RETURN true; END$$;
SELECT id FROM (SELECT id FROM customer WHERE phone ~ '77$' ORDER BY id LIMIT 2) s WHERE tell(id);
RESET ROLE;
SELECT * FROM recorded();
SET ROLE search_dispatcher;
SELECT id FROM customer WHERE phone ~ '77$' AND tell(id) ORDER BY id LIMIT 2;
SELECT id, tell(id) FROM customer WHERE phone ~ '77$' ORDER BY name LIMIT 2;
DROP FUNCTION search.tell(int);
RESET ROLE;
SELECT * FROM recorded();

-- Indexes of guarded columns: where nothing chooses the rows of which the search tells something.
SET ROLE search_dispatcher;
SELECT plan($$SELECT id FROM customer WHERE lower(email) = 'x'$$);
SELECT plan($$SELECT id FROM customer WHERE lower(email) = 'x' OR phone LIKE '0612%' OR id = 3$$);
SELECT plan($$SELECT count(*) FROM (SELECT id FROM customer WHERE lower(email) = 'x' LIMIT 10) s$$);
-- and not there
SET enable_seqscan = off;
SELECT plan($$SELECT id FROM customer WHERE lower(email) = 'x' AND id = 42$$);
SELECT plan($$SELECT id FROM customer WHERE lower(email) = 'x' AND (id = 42 OR phone = 'x')$$);
SELECT plan($$SELECT id FROM customer WHERE lower(email) = 'x' AND phone LIKE '06%'$$);
SELECT plan($$SELECT id FROM customer WHERE (lower(email) = 'x' AND id = 42) OR phone = 'x'$$);
SELECT plan($$SELECT id FROM (SELECT id FROM customer WHERE lower(email) = 'x') s WHERE id = 42$$);
SELECT plan($$SELECT id FROM customer WHERE lower(email) = 'x' GROUP BY id HAVING id = 42$$);
SELECT plan($$SELECT c.id FROM customer c JOIN (VALUES (42), (43)) v(id) USING (id) WHERE lower(email) = 'x'$$);
SELECT plan($$SELECT id FROM customer WHERE id = 42 AND phone LIKE '06%' AND phone ~ '1'$$);
-- a leakproof comparison comes behind compared(), too
SELECT plan($$SELECT id FROM customer WHERE name IS NOT NULL AND name = 'x' AND (phone <> 'x' OR phone = 'y')$$);
-- a table of few customers
CREATE TABLE few (id int PRIMARY KEY, phone text);
INSERT INTO few SELECT i, '06' || i FROM generate_series(1, 20) i;
CREATE INDEX ON few (lower(phone));
ANALYZE few;
RESET ROLE;
SELECT contact_guard.protect('few', 'id', '{phone}');
SELECT contact_guard.allow('search_dispatcher', 'planning', 'few');
SET ROLE search_dispatcher;
SELECT plan($$SELECT id FROM few WHERE lower(phone) = 'x'$$);
-- an index over columns that are not guarded serves everybody; one of the others nobody who is not permitted
SET ROLE search_anna;
SELECT plan($$SELECT id FROM customer WHERE lower(name) = 'x'$$);
SELECT plan($$SELECT id FROM customer WHERE lower(email) = 'x'$$);
RESET enable_seqscan;

-- What anybody could make is not taken for what it is called.
SET ROLE search_dispatcher;
CREATE FUNCTION search.lower(text) RETURNS text LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE WARNING 'got %', $1; RETURN $1; END$$;
CREATE FUNCTION search.textlike(text, text) RETURNS bool LANGUAGE plpgsql IMMUTABLE AS $$BEGIN RAISE WARNING 'got %', $1; RETURN false; END$$;
CREATE OPERATOR search.~~ (LEFTARG = text, RIGHTARG = text, FUNCTION = search.textlike);
SELECT plan($$SELECT id FROM customer WHERE search.lower(phone) = 'x'$$);
SELECT plan($$SELECT id FROM customer WHERE phone OPERATOR(search.~~) 'x'$$);
-- a value in an error
SELECT plan($$SELECT id FROM customer WHERE phone::bigint = 600000042$$);
-- a pattern that comes from a row
SELECT plan($$SELECT id FROM customer WHERE 'x' LIKE phone$$);
DROP OPERATOR search.~~ (text, text);
DROP FUNCTION search.lower(text), search.textlike(text, text);

-- A function in another condition is asked after the record is made.
CREATE FUNCTION search.tell(int) RETURNS bool LANGUAGE plpgsql COST 0.00001 AS $$BEGIN RAISE WARNING 'saw %', $1; RETURN true; END$$;
SELECT id FROM customer WHERE tell(id) AND email ILIKE 'c77@%';
DROP FUNCTION search.tell(int);
RESET ROLE;
SELECT * FROM recorded();

-- A technician compares masks, and his own open customers.
SET ROLE search_anna;
SELECT id, phone FROM customer WHERE phone ILIKE '%00000007';
SELECT id FROM customer WHERE lower(email) = 'c7@example.org' OR lower(email) = 'c8@example.org';
SELECT id FROM customer WHERE id = 8 AND phone ~ '^0600';
RESET ROLE;
SELECT event, columns, records, first FROM recorded();
SET ROLE search_dispatcher;
DROP TABLE few;
RESET ROLE;
SELECT contact_guard.disallow('search_dispatcher', 'customer');
DROP SCHEMA search CASCADE;
DROP OWNED BY search_dispatcher;
DROP ROLE search_dispatcher, search_anna;
