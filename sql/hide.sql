-- mode hide: rows of customers without an open window do not exist.
SET client_min_messages = warning;
CREATE SCHEMA hide;
SET search_path = hide;
CREATE ROLE hide_owner;
CREATE ROLE hide_anna;
CREATE ROLE hide_dispatcher;
CREATE ROLE hide_bypass BYPASSRLS;
GRANT ALL ON SCHEMA hide TO PUBLIC;
GRANT contact_guard_admin TO hide_owner;
CREATE TABLE intervention (id int, customer_id bigint, technician name, opens_at timestamptz, closes_at timestamptz);
CREATE INDEX ON intervention (technician, opens_at);
INSERT INTO intervention SELECT i, i * 100, 'hide_anna', now() - interval '1 h', now() + interval '1 h'
  FROM generate_series(1, 3) i;
SELECT contact_guard.use_interventions('intervention', 'customer_id', 'technician', 'opens_at', 'closes_at');
SELECT contact_guard.allow('hide_dispatcher', 'planning');

SET ROLE hide_owner;
CREATE TABLE site (id int PRIMARY KEY, customer_id int, code text, note text);
INSERT INTO site SELECT i, i, 'code ' || i, 'note ' || i FROM generate_series(1, 20000) i;
CREATE INDEX site_customer ON site (customer_id);
GRANT ALL ON site TO hide_anna, hide_dispatcher, hide_bypass;
ANALYZE site;
SELECT contact_guard.protect('site', 'customer_id', '{code}', mode => 'hide');
SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = 'site'::regclass;
SELECT label FROM pg_seclabels WHERE objoid = 'site'::regclass AND objsubid = 0;

-- Whoever has no window sees nothing; the owner, too.
SELECT count(*) FROM site;
SET ROLE hide_anna;
SELECT * FROM site ORDER BY id;
SELECT count(*) FROM site;
EXPLAIN (COSTS OFF) SELECT * FROM site WHERE note LIKE 'n%';
SELECT count(*) FROM site WHERE id = 5;
SET ROLE hide_dispatcher;
SELECT count(*), max(code) FROM site WHERE id < 4;
EXPLAIN (COSTS OFF) SELECT * FROM site WHERE id = 4;
-- Past row security, but not past reveal.
SET ROLE hide_bypass;
SELECT count(*), count(code) FROM site;
RESET ROLE;
SELECT count(*), count(code) FROM site WHERE id < 4;

-- Every command sees the same rows.
SET ROLE hide_anna;
UPDATE site SET note = 'changed' WHERE id IN (5, 100) RETURNING id, code, note;
UPDATE site SET customer_id = 5 WHERE id = 100;
DELETE FROM site WHERE id IN (6, 200) RETURNING id;
SELECT id FROM site WHERE id IN (7, 300) FOR UPDATE;
INSERT INTO site VALUES (20001, 5, 'mine', 'new');
INSERT INTO site VALUES (20002, 5, 'mine', 'new') RETURNING id;
INSERT INTO site VALUES (300, 300, 'mine', 'new') ON CONFLICT (id) DO UPDATE SET note = 'conflict' RETURNING id, note;
INSERT INTO site VALUES (7, 300, 'mine', 'new') ON CONFLICT (id) DO UPDATE SET note = 'conflict' RETURNING id, note;
MERGE INTO site USING (VALUES (8), (300)) v (id) ON site.id = v.id
 WHEN MATCHED THEN UPDATE SET note = 'merged';
SELECT id, note FROM site ORDER BY id;
RESET ROLE;
SELECT id, customer_id, note FROM site WHERE id IN (5, 6, 7, 8, 100, 200, 300, 20001, 20002) ORDER BY id;

-- One plan, several actors.
SET plan_cache_mode = force_generic_plan;
PREPARE mine AS SELECT count(*) FROM site;
SET ROLE hide_anna;
EXECUTE mine;
SET ROLE hide_dispatcher;
EXECUTE mine;
SET ROLE hide_bypass;
EXECUTE mine;
SET ROLE hide_anna;
EXECUTE mine;
RESET ROLE;

-- A window that closes, and one that opens.
UPDATE intervention SET closes_at = now() WHERE id = 1;
INSERT INTO intervention VALUES (4, 42, 'hide_anna', now() - interval '1 h', now() + interval '1 h');
SELECT pg_sleep(1.1);
SET ROLE hide_anna;
SELECT id FROM site ORDER BY id;
RESET ROLE;

-- It is the actor who counts, not the owner of a view or of a function.
CREATE VIEW all_sites AS SELECT * FROM site;
GRANT SELECT ON all_sites TO hide_anna;
SET ROLE hide_anna;
SELECT count(*), count(code) FROM all_sites;
RESET ROLE;
CREATE FUNCTION count_sites() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path = hide AS
	$$BEGIN RETURN (SELECT count(*) FROM site); END$$;
SELECT count_sites();
SET ROLE hide_anna;
SELECT count_sites();
SET ROLE hide_dispatcher;
SELECT count_sites();
RESET ROLE;
BEGIN;
SET LOCAL ROLE hide_anna;
SELECT count_sites();
COMMIT;
-- the role came back with the commit
\set SHOW_CONTEXT never
SELECT count_sites();
\set SHOW_CONTEXT errors
SELECT count_sites();

-- Foreign keys see all rows.
CREATE TABLE visit (id int, site int REFERENCES site (id));
GRANT ALL ON visit TO hide_anna;
SET ROLE hide_anna;
INSERT INTO visit VALUES (1, 9);
INSERT INTO visit VALUES (2, -1);
RESET ROLE;
DROP TABLE visit;

-- The CRM's own policies rule, once it has some.
SET ROLE hide_owner;
CREATE POLICY tenant ON site USING (id % 2 = 0);
SET ROLE hide_dispatcher;
SELECT count(*) FROM site WHERE id BETWEEN 1 AND 10;
SET ROLE hide_anna;
SELECT id FROM site ORDER BY id;
RESET ROLE;
SELECT contact_guard.unprotect('site');
SELECT relrowsecurity, relforcerowsecurity, (SELECT string_agg(polname, ' ') FROM pg_policy WHERE polrelid = 'site'::regclass)
  FROM pg_class WHERE oid = 'site'::regclass;
DROP POLICY tenant ON site;
ALTER TABLE site DISABLE ROW LEVEL SECURITY;

-- It had policies of its own, not forced: they stay, and spare the owner.
SET ROLE hide_owner;
CREATE POLICY tenant ON site USING (id % 2 = 0);
ALTER TABLE site ENABLE ROW LEVEL SECURITY;
SELECT contact_guard.protect('site', 'customer_id', '{code}', fallback => 'rls');
SELECT count(*) FROM site WHERE id < 5;
SET ROLE hide_anna;
SELECT id, code FROM site WHERE id IN (299, 300) ORDER BY id;
SET ROLE hide_owner;
SELECT contact_guard.unprotect('site');
SELECT relrowsecurity, relforcerowsecurity, (SELECT string_agg(polname, ' ') FROM pg_policy WHERE polrelid = 'site'::regclass)
  FROM pg_class WHERE oid = 'site'::regclass;
RESET ROLE;

-- Partitions read directly, and attached later.
CREATE TABLE part (id int, customer_id int, code text) PARTITION BY RANGE (id);
CREATE TABLE part1 PARTITION OF part FOR VALUES FROM (0) TO (1000);
GRANT ALL ON part, part1 TO hide_anna, hide_dispatcher;
INSERT INTO part SELECT i, i, 'code ' || i FROM generate_series(1, 500) i;
SELECT contact_guard.protect('part', 'customer_id', '{code}', mode => 'hide');
CREATE TABLE part2 (id int, customer_id int, code text);
INSERT INTO part2 SELECT i, i - 1000, 'code ' || i FROM generate_series(1001, 1500) i;
GRANT ALL ON part2 TO hide_anna, hide_dispatcher;
ALTER TABLE part ATTACH PARTITION part2 FOR VALUES FROM (1000) TO (2000);
SET ROLE hide_anna;
SELECT * FROM part ORDER BY id;
SELECT * FROM part1 ORDER BY id;
SELECT * FROM part2 ORDER BY id;
UPDATE part2 SET id = id WHERE customer_id IN (5, 200) RETURNING id;
SET ROLE hide_dispatcher;
SELECT count(*) FROM part1;
RESET ROLE;

-- Row security switched off by hand hides all the same.
ALTER TABLE part DISABLE ROW LEVEL SECURITY;
SET ROLE hide_anna;
SELECT count(*) FROM part;
RESET ROLE;

-- Kinds of keys.
CREATE TABLE by_text (k varchar(10), v text);
CREATE TABLE by_small (k smallint, v text);
INSERT INTO by_text VALUES ('42', 'text 42'), ('43', 'text 43');
INSERT INTO by_small VALUES (42, 'small 42'), (43, 'small 43');
CREATE VIEW jobs AS SELECT id, customer_id::text AS customer_id, technician, opens_at, closes_at FROM intervention;
SELECT contact_guard.unprotect('part');
SELECT contact_guard.forget_interventions('intervention');
INSERT INTO intervention VALUES (5, 9999999999, 'hide_anna', now() - interval '1 h', now() + interval '1 h');
SELECT contact_guard.use_interventions('jobs', 'customer_id', 'technician', 'opens_at', 'closes_at');
SELECT contact_guard.protect('by_text', 'k', '{v}', mode => 'hide');
GRANT SELECT ON by_text, by_small TO hide_anna;
SELECT pg_sleep(1.1);
SET ROLE hide_anna;
SELECT * FROM by_text;
RESET ROLE;
SELECT contact_guard.unprotect('by_text');
SELECT contact_guard.forget_interventions('jobs');
SELECT contact_guard.use_interventions('intervention', 'customer_id', 'technician', 'opens_at', 'closes_at');
SELECT contact_guard.protect('by_small', 'k', '{v}', mode => 'hide');
SET ROLE hide_anna;
SELECT * FROM by_small;
RESET ROLE;

-- What cannot be hidden.
CREATE MATERIALIZED VIEW mat AS SELECT 1 AS id, 'x'::text AS v;
SELECT contact_guard.protect('mat', 'id', '{v}', mode => 'hide');
SELECT contact_guard.protect('by_text', 'k', '{v}', mode => 'fade');

SELECT contact_guard.unprotect('by_small');
SELECT contact_guard.forget_interventions('intervention');
SELECT contact_guard.disallow('hide_dispatcher');
DROP SCHEMA hide CASCADE;
DROP OWNED BY hide_owner;
DROP ROLE hide_owner, hide_anna, hide_dispatcher, hide_bypass;
