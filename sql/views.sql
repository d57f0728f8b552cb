-- Guarded columns through views, functions, triggers, policies and prepared statements.
-- Anna has an open window at customer 7, Bob none.
CREATE SCHEMA regress_views;
SET search_path = regress_views;
SET client_min_messages = warning;
CREATE ROLE regress_views_owner;
CREATE ROLE regress_views_anna;
CREATE ROLE regress_views_bob;
GRANT regress_views_bob TO regress_views_anna;
GRANT ALL ON SCHEMA regress_views TO regress_views_owner, regress_views_anna, regress_views_bob;
SET ROLE regress_views_owner;
CREATE TABLE customer (id int PRIMARY KEY, name text, phone varchar(20));
INSERT INTO customer SELECT i, 'n' || i, '06' || to_char(i, 'FM00000000') FROM generate_series(6, 8) i;
GRANT ALL ON customer TO regress_views_anna, regress_views_bob;
CREATE VIEW plain AS SELECT id, phone AS tel, upper(phone) AS up FROM customer;
CREATE VIEW barrier WITH (security_barrier) AS SELECT * FROM customer WHERE phone LIKE '06%';
CREATE VIEW invoker WITH (security_invoker) AS SELECT * FROM customer;
CREATE VIEW nested AS SELECT p.id, p.tel, b.name FROM plain p JOIN barrier b USING (id);
CREATE VIEW checked AS SELECT * FROM customer WHERE name <> 'zz' WITH CHECK OPTION;
CREATE FUNCTION of_owner(int) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT phone FROM regress_views.customer WHERE id = $1';
CREATE FUNCTION rows_of() RETURNS SETOF customer LANGUAGE plpgsql STABLE AS $$BEGIN RETURN QUERY SELECT * FROM customer ORDER BY id; END$$;
CREATE FUNCTION table_of() RETURNS TABLE (id int, phone varchar(20)) LANGUAGE plpgsql STABLE AS
	$$BEGIN RETURN QUERY SELECT c.id, c.phone FROM customer c ORDER BY 1; RETURN QUERY EXECUTE 'SELECT id, phone FROM customer ORDER BY 1 LIMIT $1' USING 1; END$$;
GRANT SELECT ON plain, barrier, invoker, nested TO regress_views_anna, regress_views_bob;
GRANT ALL ON checked TO regress_views_anna;
RESET ROLE;
SELECT contact_guard.protect('customer', 'id', '{phone}', mask => 'partial(4,2)');
SELECT contact_guard.open_intervention(7::bigint, 'regress_views_anna', clock_timestamp() - interval '1 h', clock_timestamp() + interval '1 h') > 0 AS opened;
RESET client_min_messages;
SET SESSION AUTHORIZATION regress_views_anna;

-- views: the actor is who asks, not the view's owner
SELECT * FROM plain ORDER BY id;
SELECT * FROM barrier ORDER BY id;
SELECT id FROM barrier WHERE phone = '0600000006';
SELECT * FROM invoker ORDER BY id;
SELECT * FROM nested ORDER BY id;
SELECT p FROM plain p WHERE tel LIKE '0600000%';
UPDATE plain SET id = id WHERE tel = '0600000006';
UPDATE checked SET name = 'x' WHERE id = 6 RETURNING *;
UPDATE checked SET name = 'zz' WHERE id = 6;
CREATE VIEW mine AS SELECT phone FROM customer WHERE id = 6;
SELECT * FROM mine;
CREATE RULE tell AS ON INSERT TO mine DO INSTEAD SELECT phone FROM customer WHERE id = 6;
INSERT INTO mine VALUES ('-');
DROP VIEW mine;

-- functions that the planner may inline into the query
CREATE FUNCTION f1() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT phone FROM customer ORDER BY id';
CREATE FUNCTION f2() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT (SELECT upper(c.phone)) FROM customer c';
CREATE FUNCTION f3() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT l.x FROM customer c, LATERAL (SELECT c.phone AS x OFFSET 0) l';
CREATE FUNCTION f4(int) RETURNS SETOF customer LANGUAGE sql STABLE AS 'SELECT * FROM customer WHERE id = $1';
CREATE FUNCTION f5() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT (WITH w AS MATERIALIZED (SELECT c.phone) SELECT * FROM w) FROM customer c';
CREATE FUNCTION f6() RETURNS SETOF int LANGUAGE sql STABLE AS
	$$SELECT c.id FROM customer c WHERE EXISTS (SELECT 1 FROM (VALUES ('0600000006')) v (x) WHERE v.x = c.phone OFFSET 0)$$;
CREATE FUNCTION f7() RETURNS SETOF text LANGUAGE sql STABLE AS 'SELECT * FROM f1() UNION ALL SELECT x.phone FROM (VALUES (6), (7)) v (i), f4(v.i) x';
CREATE FUNCTION f8() RETURNS SETOF text LANGUAGE sql STABLE BEGIN ATOMIC SELECT phone FROM customer; END;
CREATE FUNCTION f9(c customer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT c.phone';
SELECT * FROM f1();
SELECT * FROM f2();
SELECT * FROM f3();
SELECT * FROM (VALUES (6), (7)) v (i), LATERAL f4(i) ORDER BY i;
SELECT * FROM f5();
SELECT * FROM f6();
SELECT * FROM f7();
SELECT * FROM f8();
SELECT f9(c) FROM customer c WHERE id = 6;
SELECT * FROM f1() WITH ORDINALITY;
SELECT * FROM ROWS FROM (f1(), f2());
SELECT f1() LIMIT 1;
SELECT (SELECT array_agg(x) FROM f1() x), ARRAY(SELECT f2()), EXISTS (SELECT FROM f6()) AS found;
WITH w AS (SELECT * FROM f1()) SELECT * FROM w LIMIT 1;
CREATE TABLE t_f1 AS SELECT * FROM f1();
-- and others
SELECT of_owner(6), of_owner(7);
SELECT * FROM rows_of();
SELECT * FROM table_of();
DO $$DECLARE r record; v text; BEGIN
	FOR r IN SELECT * FROM customer ORDER BY id LOOP RAISE NOTICE '% %', r.id, r.phone; END LOOP;
	SELECT phone INTO STRICT v FROM customer WHERE id = 6;
	EXECUTE 'SELECT $1 || phone FROM customer WHERE id = 7' INTO v USING v || ' ';
	RAISE NOTICE '%', v;
	v := (SELECT string_agg(phone, ',') FROM customer);
	RAISE NOTICE '%', v;
	PERFORM FROM customer WHERE phone = '0600000006';
	RAISE NOTICE '%', FOUND;
END$$;
CREATE FUNCTION tell(text) RETURNS boolean LANGUAGE plpgsql COST 0.0001 AS $$BEGIN RAISE NOTICE 'tell %', $1; RETURN true; END$$;
SELECT id FROM barrier WHERE tell(phone) AND id = 6;
SELECT id FROM customer WHERE tell(phone) AND false;
CREATE FUNCTION hidden() RETURNS text LANGUAGE plpgsql PARALLEL SAFE STABLE AS $$BEGIN RETURN (SELECT phone FROM customer WHERE id = 7); END$$;
SELECT CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'force_parallel_mode' ELSE 'debug_parallel_query' END AS parallel \gset
SET :parallel = on;
\set SHOW_CONTEXT never
SELECT hidden();
\set SHOW_CONTEXT errors
RESET :parallel;

-- prepared statements: a plan made for one is none for another
SET plan_cache_mode = force_generic_plan;
PREPARE p AS SELECT id, phone FROM customer WHERE id >= $1 ORDER BY id;
EXECUTE p (6);
SET ROLE regress_views_bob;
EXECUTE p (6);
SELECT current_user, contact_guard.current_actor(), session_user;
RESET ROLE;
EXECUTE p (7);
DEALLOCATE p;

-- a policy on a table of one's own, with a sub-select on the guarded one
CREATE TABLE own (id int, t text);
INSERT INTO own VALUES (6, '0600000006'), (7, '0600000007');
ALTER TABLE own ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY p ON own USING (tell((SELECT phone FROM customer c WHERE c.id = own.id)) AND t = (SELECT phone FROM customer c WHERE c.id = own.id))
	WITH CHECK (tell((SELECT phone FROM customer WHERE id = 6)));
SELECT * FROM own;
INSERT INTO own VALUES (6, 'x');
DROP TABLE own;
RESET SESSION AUTHORIZATION;

-- triggers with transition tables
SET ROLE regress_views_owner;
CREATE FUNCTION on_update() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE r record; BEGIN
	FOR r IN SELECT o, o.id, o.phone AS old, n.phone AS new FROM old_t o JOIN new_t n USING (id) ORDER BY 2 LOOP
		RAISE NOTICE '% old %, new %, row %', r.id, r.old, r.new, r.o;
	END LOOP;
	RAISE NOTICE 'found %', (SELECT count(*) FROM old_t WHERE phone = '0600000006');
	RETURN NULL;
END$$;
-- the owner may not, an admin may
CREATE TRIGGER t AFTER UPDATE ON customer REFERENCING OLD TABLE AS old_t NEW TABLE AS new_t FOR EACH STATEMENT EXECUTE FUNCTION on_update();
RESET ROLE;
CREATE TRIGGER t AFTER UPDATE ON regress_views.customer REFERENCING OLD TABLE AS old_t NEW TABLE AS new_t FOR EACH STATEMENT EXECUTE FUNCTION regress_views.on_update();
SET SESSION AUTHORIZATION regress_views_anna;
UPDATE customer SET name = 'u';
RESET SESSION AUTHORIZATION;

SET client_min_messages = warning;
SELECT contact_guard.close_intervention(id) FROM contact_guard.intervention WHERE technician = 'regress_views_anna';
SELECT contact_guard.unprotect('customer');
DROP SCHEMA regress_views CASCADE;
DROP ROLE regress_views_owner, regress_views_anna, regress_views_bob;
