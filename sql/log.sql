-- The access log: what a read leaves in it, what the auditor asks, and that nobody changes it.
CREATE SCHEMA regress_log;
SET search_path = regress_log;
SET client_min_messages = warning;
CREATE ROLE regress_log_owner;
CREATE ROLE regress_log_anna;
CREATE ROLE regress_log_desk;
CREATE ROLE regress_log_backup;
CREATE ROLE regress_log_auditor IN ROLE contact_guard_auditor;
GRANT ALL ON SCHEMA regress_log TO regress_log_owner, regress_log_anna, regress_log_desk, regress_log_backup;
SET ROLE regress_log_owner;
CREATE TABLE customer (id int PRIMARY KEY, name text, phone text, email text, note text);
INSERT INTO customer SELECT i, 'n' || i, '06' || to_char(i, 'FM00000000'), i || '@example.fr', 'x' FROM generate_series(1, 9) i;
CREATE TABLE "Odd name" ("Id""" int, "Tel""x" text);
INSERT INTO "Odd name" VALUES (1, '1');
GRANT SELECT, UPDATE ON customer, "Odd name" TO PUBLIC;
CREATE TABLE visit (id text PRIMARY KEY, customer int, technician text, starts timestamptz, ends timestamptz, state text);
CREATE INDEX ON visit (technician, starts);
RESET ROLE;
INSERT INTO visit VALUES ('V-7', 7, 'regress_log_anna', clock_timestamp() - interval '1 h', clock_timestamp() + interval '1 h', 'on'),
	('V-6', 6, 'regress_log_anna', clock_timestamp() - interval '3 h', clock_timestamp() - interval '2 h', 'on');
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends', open_when => $$state = 'on'$$);
SELECT contact_guard.protect('customer', 'id', '{phone,email}', mask => 'partial(1,1)');
SELECT contact_guard.allow('regress_log_desk', 'planning');
SELECT contact_guard.allow('regress_log_backup', 'nightly dump', 'customer', 'bulk');
SELECT contact_guard.sync();
SELECT log_size AS start FROM contact_guard.status() \gset
CREATE VIEW recorded AS SELECT seq, event, actor, relation, columns, customer, count, intervention, purpose, reason FROM contact_guard.access_log;

-- one record for each execution, relation, customer and verdict, with the columns
SET SESSION AUTHORIZATION regress_log_anna;
SET application_name = 'regress tablet';
SELECT phone FROM customer WHERE id IN (6, 7, 8) ORDER BY id;
SELECT phone, email, phone FROM customer WHERE id = 7 AND email LIKE '%@%';
SELECT name FROM customer WHERE id = 7;
SELECT note FROM customer WHERE phone = '0600000008' /* secret 0612345678 */ AND name <> 'O''Neil' -- 42
	AND id = 8 AND note <> $$dollar$$ AND id <> 12.5 AND note <> E'\x41';
SELECT count(*) FROM customer a JOIN customer b USING (phone) WHERE a.id = 7 AND b.id = 7;
SELECT phone FROM customer WHERE false;
-- what is rolled back has been read
BEGIN;
SELECT phone FROM customer WHERE id = 7;
ROLLBACK;
BEGIN;
SAVEPOINT s;
SELECT 1 / length(substr(phone, 11)) FROM customer WHERE id = 7;
ROLLBACK TO s;
ROLLBACK;
DO $$BEGIN PERFORM phone FROM regress_log.customer WHERE id = 7; RAISE EXCEPTION 'gone'; EXCEPTION WHEN raise_exception THEN NULL; END$$;
PREPARE p AS SELECT phone FROM customer WHERE id = $1 AND name <> '0611111111';
EXECUTE p (7);
UPDATE customer SET note = 'y' WHERE id = 7 RETURNING email;
RESET SESSION AUTHORIZATION;
SELECT contact_guard.sync();
SELECT event, relation, columns, customer, count, intervention, purpose, reason, application, CASE client WHEN coalesce(host(inet_client_addr()), '[local]') THEN 'this one' ELSE client END AS client, query
  FROM contact_guard.access_log WHERE actor = 'regress_log_anna' AND seq >= :start ORDER BY seq, customer \gx
SELECT count(*), count(DISTINCT statement) AS statements, count(DISTINCT session) AS sessions, count(DISTINCT login) AS logins,
       bool_and(read_at > now() - interval '1 h' AND read_at <= clock_timestamp()) AS times, bool_and(login = session_user) AS login
  FROM contact_guard.access_log WHERE actor = 'regress_log_anna' AND seq >= :start;

-- standing permissions, bulk, superusers
SET ROLE regress_log_desk;
SELECT count(phone) FROM regress_log.customer WHERE id < 3;
SET ROLE regress_log_backup;
COPY regress_log.customer (phone) TO STDOUT;
SELECT count(phone), count(email) FROM regress_log.customer WHERE id < 6;
RESET ROLE;
SELECT phone FROM customer WHERE id = 1;
SELECT contact_guard.protect('"Odd name"', 'Id"', ARRAY['Tel"x']::name[]);
SELECT * FROM "Odd name";
SELECT contact_guard.sync();
SELECT event, actor, columns, customer, count, intervention, purpose, reason FROM recorded WHERE actor IN ('regress_log_desk', 'regress_log_backup') AND seq >= :start ORDER BY seq;
SELECT event, relation, columns, customer, purpose, reason FROM contact_guard.access_log WHERE actor = session_user AND event <> 'audit_read' AND seq >= :start ORDER BY seq;

-- log_common is a part of the log
SELECT contact_guard.sync();
SELECT log_size AS start3 FROM contact_guard.status() \gset
SELECT count(*) > 0 FROM contact_guard.log_common;
SELECT count(*) > 0 FROM contact_guard.log_common c JOIN contact_guard.log l ON l.common = c.number;
SELECT contact_guard.sync();
SELECT relation, count, query FROM contact_guard.access_log WHERE event = 'audit_read' AND actor = session_user AND seq >= :start3 ORDER BY seq;

-- withheld_detail: if there are more customers, none is named
SET contact_guard.withheld_detail = 2;
SELECT log_size AS start2 FROM contact_guard.status() \gset
SET ROLE regress_log_anna;
SELECT count(phone) FROM regress_log.customer;
RESET ROLE;
SET contact_guard.withheld_detail = 0;
SET ROLE regress_log_anna;
SELECT count(phone), count(email) FROM regress_log.customer WHERE id <> 7;
RESET ROLE;
RESET contact_guard.withheld_detail;
SELECT contact_guard.sync();
SELECT event, columns, customer IS NULL AS unnamed, sum(count), count(*) FROM contact_guard.access_log
 WHERE actor = 'regress_log_anna' AND seq >= :start2 GROUP BY query_id, 1, 2, 3 ORDER BY query_id IS NULL, 1, 2, 3, 4;

-- the auditor's questions; a visit that was closed by its state
-- three who have no visit: one looks at customers one by one, one has lists of all, one has
-- both and looks at one customer again and again
CREATE ROLE regress_log_snoop;
CREATE ROLE regress_log_lists;
CREATE ROLE regress_log_twice;
GRANT USAGE ON SCHEMA regress_log TO regress_log_snoop, regress_log_lists, regress_log_twice;
SET contact_guard.withheld_detail = 5;
SET ROLE regress_log_snoop;
SELECT count(phone) FROM regress_log.customer WHERE id = 1;
SELECT count(phone) FROM regress_log.customer WHERE id = 2;
SELECT count(phone), count(email) FROM regress_log.customer WHERE id = 3;
SET ROLE regress_log_twice;
SELECT count(phone) FROM regress_log.customer WHERE id = 1;
SELECT count(phone) FROM regress_log.customer WHERE id = 1;
SELECT count(phone) FROM regress_log.customer WHERE id = 1;
SELECT count(phone) FROM regress_log.customer WHERE id = 1;
SELECT count(phone) FROM regress_log.customer WHERE id < 3;
SET ROLE regress_log_lists;
SELECT count(phone) FROM regress_log.customer;
SELECT count(phone) FROM regress_log.customer;
SELECT count(phone) FROM regress_log.customer;
SELECT count(phone) FROM regress_log.customer;
SELECT count(phone) FROM regress_log.customer;
SELECT count(phone) FROM regress_log.customer;
RESET ROLE;
RESET contact_guard.withheld_detail;
UPDATE visit SET state = 'done' WHERE id = 'V-7';
\c -
SET search_path = regress_log;
SET ROLE regress_log_anna;
SELECT phone FROM regress_log.customer WHERE id IN (6, 7) ORDER BY id;
RESET ROLE;
SELECT contact_guard.sync();
SET SESSION AUTHORIZATION regress_log_auditor;
SELECT actor, event, columns, intervention, purpose FROM contact_guard.who_read('7') WHERE relation = 'regress_log.customer' AND actor LIKE 'regress_log_anna' ORDER BY read_at LIMIT 3;
SELECT CASE WHEN actor LIKE 'regress%' THEN actor END AS actor, event, purpose FROM contact_guard.who_read('1') WHERE relation = 'regress_log.customer' ORDER BY read_at;
SELECT count(*) FROM contact_guard.who_read('7', until => '2020-01-01');
SELECT count(*) FROM contact_guard.who_read('7', 'infinity');
SELECT count(*), count(*) FILTER (WHERE event = 'shown') AS shown FROM contact_guard.reads_by('regress_log_anna');
SELECT customer, event, purpose, count FROM contact_guard.reads_by('regress_log_desk');
SELECT attempts, targeted, targeted_customers, customers, more, first_at < last_at AS times FROM contact_guard.withheld_attempts() WHERE actor = 'regress_log_anna';
-- who looks at customers one by one comes before who has a list of all
SELECT array_agg(actor ORDER BY place) FROM contact_guard.withheld_attempts() WITH ORDINALITY AS w(actor, attempts, targeted, targeted_customers, customers, more, first_at, last_at, place)
 WHERE actor IN ('regress_log_snoop', 'regress_log_lists', 'regress_log_twice');
SELECT actor, attempts, targeted, targeted_customers, more > 0 AS more FROM contact_guard.withheld_attempts()
 WHERE actor IN ('regress_log_snoop', 'regress_log_lists', 'regress_log_twice') ORDER BY actor;
-- the columns that tell which record and which execution
SELECT bool_and(a.seq = w.seq AND a.session = w.session AND a.statement = w.statement AND a.customer = '7') AS same, count(*) > 0 AS some
  FROM contact_guard.who_read('7') w JOIN contact_guard.access_log a USING (seq) WHERE w.event = 'shown';
SELECT bool_and((a.session, a.statement, a.customer, a.event) = (w.session, w.statement, w.customer, w.event)) AS same, count(*) > 0 AS some
  FROM contact_guard.reads_by('regress_log_anna') w JOIN contact_guard.access_log a USING (seq);
SELECT bool_and((a.session, a.statement, a.customer, a.event) = (w.session, w.statement, w.customer, 'withheld')) AS same, count(*) > 0 AS some
  FROM contact_guard.reads_after_close() w JOIN contact_guard.access_log a USING (seq);
-- days, of UTC, are for the index alone
SELECT count(*) FROM contact_guard.reads_by('regress_log_anna', until => now()) EXCEPT SELECT count(*) FROM contact_guard.access_log
 WHERE actor = 'regress_log_anna' AND event IN ('shown', 'withheld', 'lookup', 'bulk') AND read_at < now();
SELECT count(*) FROM contact_guard.reads_by('regress_log_anna', now()) UNION ALL SELECT count(*) FROM contact_guard.reads_by('regress_log_anna', until => '-infinity');
SELECT customer, intervention, closed_at IS NOT NULL AS closed, after_close > interval '2 h' AS hours_later, after_close >= '0' AS later, after_close < '3 h' AS sane
  FROM contact_guard.reads_after_close() WHERE actor = 'regress_log_anna' ORDER BY read_at, customer;
SELECT contact_guard.allow('regress_log_auditor', 'x');
SELECT * FROM contact_guard.journal_state;
SELECT phone FROM regress_log.customer WHERE id = 7;
DELETE FROM contact_guard.log;
RESET SESSION AUTHORIZATION;
SET ROLE regress_log_anna;
SELECT * FROM contact_guard.log;
SELECT * FROM contact_guard.reads_by('regress_log_anna');
SELECT * FROM contact_guard.query_text;
RESET ROLE;

-- nobody changes it, superusers neither (whatever is not refused is undone)
CREATE FUNCTION refused(sql text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN
	EXECUTE replace(sql, 'log_month', 'log_' || to_char(timezone('UTC', now()), 'YYYY_MM'));
	RAISE SQLSTATE 'P0099';
EXCEPTION
	WHEN insufficient_privilege OR dependent_objects_still_exist THEN RETURN true;
	WHEN SQLSTATE 'P0099' THEN RETURN false;
END$$;
SET client_min_messages = warning;
SELECT sql, refused(sql) FROM unnest(ARRAY[
	'UPDATE contact_guard.log SET actor = NULL',
	'DELETE FROM contact_guard.log',
	'DELETE FROM contact_guard.log_month',
	'INSERT INTO contact_guard.log SELECT * FROM contact_guard.log',
	'MERGE INTO contact_guard.log USING (VALUES (1)) v ON true WHEN MATCHED THEN DELETE',
	'WITH w AS (DELETE FROM contact_guard.query_text RETURNING *) SELECT * FROM w',
	'COPY contact_guard.log FROM $$/dev/null$$',
	'TRUNCATE contact_guard.log',
	'TRUNCATE contact_guard.log_month',
	'TRUNCATE contact_guard.query_text, contact_guard.permission',
	'DROP TABLE contact_guard.log CASCADE',
	'DROP TABLE contact_guard.log_month',
	'DROP VIEW contact_guard.access_log',
	'DROP SCHEMA contact_guard CASCADE',
	'ALTER TABLE contact_guard.log DETACH PARTITION contact_guard.log_month',
	'ALTER TABLE contact_guard.log ADD COLUMN x int',
	'ALTER TABLE contact_guard.log DROP COLUMN closed_at',
	'ALTER TABLE contact_guard.log ALTER reason SET DEFAULT 0',
	'ALTER TABLE contact_guard.log ADD CHECK (false) NOT VALID',
	'ALTER TABLE contact_guard.log ENABLE ROW LEVEL SECURITY',
	'ALTER TABLE contact_guard.log_month SET UNLOGGED',
	'ALTER TABLE contact_guard.log RENAME TO gone',
	'ALTER TABLE contact_guard.log RENAME actor TO gone',
	'ALTER TABLE contact_guard.log SET SCHEMA public',
	'ALTER TABLE contact_guard.log OWNER TO regress_log_owner',
	'ALTER EXTENSION contact_guard DROP TABLE contact_guard.log',
	'CREATE RULE r AS ON INSERT TO contact_guard.query_text DO INSTEAD NOTHING',
	'CREATE TRIGGER t BEFORE UPDATE ON contact_guard.permission FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
	'UPDATE contact_guard.journal_state SET rejected = 0',
	'DELETE FROM contact_guard.journal_session',
	'INSERT INTO contact_guard.permission VALUES (10, NULL, 0, 0)',
	'UPDATE contact_guard.intervention SET closed_at = NULL']) WITH ORDINALITY AS t (sql, n) ORDER BY n;
SET row_security = off;
SELECT refused('DELETE FROM contact_guard.log');
RESET row_security;
SET session_replication_role = replica;
SELECT refused('DELETE FROM contact_guard.log');
RESET session_replication_role;

SET client_min_messages = warning;
SELECT contact_guard.disallow('regress_log_desk'), contact_guard.disallow('regress_log_backup', 'customer');
SELECT contact_guard.forget_interventions('visit'), contact_guard.unprotect('customer'), contact_guard.unprotect('"Odd name"');
DROP SCHEMA regress_log CASCADE;
DROP ROLE regress_log_owner, regress_log_anna, regress_log_desk, regress_log_backup, regress_log_auditor;
DROP ROLE regress_log_snoop, regress_log_lists, regress_log_twice;
