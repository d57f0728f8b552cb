-- Customer keys of every type that is one; each column of the log as text.
CREATE SCHEMA regress_keys;
SET search_path = regress_keys;
CREATE ROLE regress_keys_anna;
GRANT USAGE ON SCHEMA regress_keys TO regress_keys_anna;
CREATE DOMAIN customer_no AS int CHECK (value > 0);
CREATE DOMAIN customer_code AS varchar(10);
CREATE TABLE k_smallint (id smallint, phone text);
CREATE TABLE k_int (id int, phone text);
CREATE TABLE k_bigint (id bigint, phone text);
CREATE TABLE k_uuid (id uuid, phone text);
CREATE TABLE k_text (id text, phone text);
CREATE TABLE k_varchar (id varchar(40), phone text);
CREATE TABLE k_domain (id customer_no, phone text);
CREATE TABLE k_code (id customer_code, phone text);
INSERT INTO k_smallint VALUES (-32768, 'least'), (0, 'zero'), (32767, 'most'), (NULL, 'nobody');
INSERT INTO k_int VALUES (-2147483648, 'least'), (0, 'zero'), (2147483647, 'most'), (NULL, 'nobody');
INSERT INTO k_bigint VALUES (-9223372036854775808, 'least'), (0, 'zero'), (9223372036854775807, 'most');
INSERT INTO k_uuid VALUES ('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', 'upper'), ('00000000-0000-0000-0000-000000000000', 'zero');
INSERT INTO k_text VALUES ('', 'empty'), ('A', 'capital'), ('a', 'small'), ('a ', 'blank'), ('é''"\', 'strange'), ('007', 'seven');
INSERT INTO k_varchar SELECT * FROM k_text;
INSERT INTO k_domain VALUES (1, 'one'), (2, 'two');
INSERT INTO k_code VALUES ('c1', 'one'), ('c2', 'two');
GRANT SELECT ON ALL TABLES IN SCHEMA regress_keys TO regress_keys_anna;
SELECT c.relname, contact_guard.protect(c.oid, 'id', '{phone}', mask => 'constant(-)') AS protected
  FROM pg_class c WHERE c.relnamespace = 'regress_keys'::regnamespace ORDER BY 1;

-- the built-in interventions know customers by text
SELECT contact_guard.open_intervention(c::bigint, 'regress_keys_anna', clock_timestamp() - interval '1 h', clock_timestamp() + interval '1 h') > 0 AS opened
  FROM unnest('{-32768,32767,-2147483648,2147483647,9223372036854775807,2}'::bigint[]) c;
SELECT contact_guard.open_intervention('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::uuid, 'regress_keys_anna', clock_timestamp() - interval '1 h', clock_timestamp() + interval '1 h') > 0 AS opened;
SELECT contact_guard.open_intervention(c, 'regress_keys_anna', clock_timestamp() - interval '1 h', clock_timestamp() + interval '1 h') > 0 AS opened
  FROM unnest(ARRAY['', 'a', 'é''"\', '7', 'c1']) c;
SET SESSION AUTHORIZATION regress_keys_anna;
SELECT * FROM k_smallint ORDER BY id;
SELECT * FROM k_int ORDER BY id;
SELECT * FROM k_bigint ORDER BY id;
SELECT * FROM k_uuid ORDER BY id;
SELECT '[' || id || ']' AS id, phone FROM k_text ORDER BY k_text.id COLLATE "C";
SELECT '[' || id || ']' AS id, phone FROM k_varchar ORDER BY k_varchar.id COLLATE "C";
SELECT * FROM k_domain ORDER BY id;
SELECT * FROM k_code ORDER BY id;
SELECT contact_guard.has_open_window(32767::smallint) AS "smallint", contact_guard.has_open_window(2147483647) AS "int",
       contact_guard.has_open_window(9223372036854775807) AS "bigint",
       contact_guard.has_open_window('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid) AS "uuid",
       contact_guard.has_open_window('a'::text) AS "text", contact_guard.has_open_window('a'::varchar) AS "varchar",
       contact_guard.has_open_window(2::customer_no) AS domain, contact_guard.has_open_window(1) AS not_open,
       contact_guard.has_open_window(NULL::int) AS "null";
SELECT contact_guard.has_open_window(1.5);
-- without a type
PREPARE w AS SELECT contact_guard.has_open_window($1);
EXECUTE w ('9223372036854775807'); EXECUTE w ('1');
SELECT contact_guard.has_open_window('a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'), contact_guard.has_open_window('b'), contact_guard.has_open_window(NULL) IS NULL AS "null";
DEALLOCATE w;
RESET SESSION AUTHORIZATION;
-- what is revoked on the first form counts for both
BEGIN;
REVOKE EXECUTE ON FUNCTION contact_guard.has_open_window(anyelement) FROM PUBLIC;
SET SESSION AUTHORIZATION regress_keys_anna;
SELECT contact_guard.has_open_window('a');
ROLLBACK;
SELECT contact_guard.sync();
SELECT relation, quote_literal(customer) AS customer FROM contact_guard.access_log
 WHERE actor = 'regress_keys_anna' AND event = 'shown' ORDER BY relation, access_log.customer COLLATE "C";
SELECT relation, quote_literal(customer) AS customer, count FROM contact_guard.access_log
 WHERE actor = 'regress_keys_anna' AND event = 'withheld' ORDER BY relation, access_log.customer COLLATE "C";

-- an interventions relation whose keys are of the same kind
SELECT contact_guard.unprotect(r) FROM unnest('{k_uuid,k_text,k_varchar,k_code}'::regclass[]) r;
CREATE TABLE visit (id uuid DEFAULT gen_random_uuid(), customer smallint, technician varchar(63), starts timestamptz, ends timestamptz);
CREATE INDEX ON visit (technician, starts);
INSERT INTO visit (customer, technician, starts, ends) VALUES (0, 'regress_keys_anna', clock_timestamp() - interval '1 h', clock_timestamp() + interval '1 h');
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends');
\c -
SET search_path = regress_keys;
SET SESSION AUTHORIZATION regress_keys_anna;
SELECT * FROM k_smallint WHERE id = 0;
SELECT * FROM k_int WHERE id = 0;
SELECT * FROM k_bigint WHERE id = 0;
RESET SESSION AUTHORIZATION;

SELECT contact_guard.forget_interventions('visit');
SELECT contact_guard.unprotect(r) FROM unnest('{k_smallint,k_int,k_bigint,k_domain}'::regclass[]) r;
SELECT contact_guard.close_intervention(id) FROM contact_guard.intervention WHERE technician = 'regress_keys_anna';
SET client_min_messages = warning;
DROP SCHEMA regress_keys CASCADE;
DROP ROLE regress_keys_anna;
