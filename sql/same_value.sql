-- same_value() compares guarded values of customers inside the guard, and permission_use() says
-- which standing permissions are used.
SET client_min_messages = warning;
CREATE ROLE regress_same_auditor;
CREATE ROLE regress_same_desk;
CREATE ROLE regress_same_idle;
GRANT contact_guard_auditor TO regress_same_auditor;
CREATE SCHEMA same;
GRANT USAGE ON SCHEMA same TO PUBLIC;
CREATE TABLE same.customer (id int, name text, phone varchar(20), code char(6), city text, age int, region text) PARTITION BY LIST (region);
CREATE TABLE same.south PARTITION OF same.customer FOR VALUES IN ('S');
CREATE TABLE same.north (region text, age int, gone text, city text, code char(6), phone varchar(20), name text, id int);
ALTER TABLE same.north DROP COLUMN gone;
ALTER TABLE same.customer ATTACH PARTITION same.north FOR VALUES IN ('N');
INSERT INTO same.customer VALUES
	(1, 'M. Émile Noël',   '06 39 98 00 01',    'A1', 'Lyon', 30, 'S'),
	(2, 'Mme Anne NOËL',   '+33 639980001',     'a1', 'Lyon', 30, 'N'),
	(3, 'Mme Anne Noël-B', '0639980001',        'A1', 'Nice', 31, 'N'),
	(4, 'Noël',            '06 39 98 00 01',    NULL, 'Lyon', 30, 'S'),
	(5, '',                '06-39-98-00-02',    '',   'Lyon', 30, 'S'),
	(8, 'М. Иван Петров',  NULL,                NULL, 'Lyon', 30, 'S'),
	(9, 'Анна ПЕТРОВ',     NULL,                NULL, 'Lyon', 30, 'S'),
	-- the same name by a combining accent and a no-break space; Greek
	(10, U&'Mme\00A0Noe\0308l', NULL, NULL, 'Lyon', 30, 'S'),
	(11, 'Νίκος ΠΑΠΑΔΟΠΟΎΛΟΣ', NULL, NULL, 'Lyon', 30, 'S'),
	(12, 'Ελένη Παπαδοπούλος', NULL, NULL, 'Lyon', 30, 'S'),
	(6, NULL,              NULL,                '',   'Lyon', 30, 'S'),
	-- one customer with two rows
	(1, 'Boulangerie, rue Basse 12', '01 23',   'B2', 'Lyon', 30, 'N'),
	(7, '8 Boulangerie (RUE BASSE)', '0123',    'b2', 'Lyon', 30, 'S');
SELECT contact_guard.protect('same.customer', 'id', '{name,phone,code,age}');
GRANT SELECT ON same.customer TO regress_same_desk, regress_same_idle;
SELECT contact_guard.allow('regress_same_desk', 'desk');
SELECT contact_guard.allow('regress_same_desk', 'desk only here', 'same.customer');
SELECT contact_guard.allow('regress_same_idle', 'nothing', 'same.customer');

SET ROLE regress_same_auditor;
SELECT how, guarded, array(SELECT contact_guard.same_value('same.customer', guarded, '1', '{1,2,3,4,5,6,7,8,10,12,2,NULL}', how)) AS same
  FROM unnest('{value,letters,last word,digits}'::text[]) how, unnest('{name,phone,code}'::name[]) guarded
 WHERE (guarded = 'name' AND how <> 'digits') OR (guarded = 'phone' AND how IN ('value', 'digits')) OR (guarded = 'code' AND how <> 'digits')
 ORDER BY guarded, how;
-- Nothing is like nothing, and nobody like a customer who is not there.
SELECT contact_guard.same_value('same.customer', 'name', '5', '{1,6}', 'letters');
SELECT contact_guard.same_value('same.customer', 'phone', '01', '{1,6}');
SELECT contact_guard.same_value('same.customer', 'name', '99', '{1,2,3}');
SELECT contact_guard.same_value('same.customer', 'name', '8', '{1,9}', 'last word');
SELECT contact_guard.same_value('same.customer', 'name', '11', '{1,12}', 'last word');
-- A partition alone
SELECT contact_guard.same_value('same.north', 'phone', '2', '{1,3,4}', 'digits');
-- What is not answered
SELECT contact_guard.same_value('same.customer', 'city', '1', '{2}');
SELECT contact_guard.same_value('same.customer', 'nothing', '1', '{2}');
SELECT contact_guard.same_value('same.customer', 'age', '1', '{2}');
SELECT contact_guard.same_value('pg_class', 'relname', '1', '{2}');
SELECT contact_guard.same_value('same.customer', 'name', '1', '{2}', 'sound');
SELECT contact_guard.same_value('same.customer', 'name', '1', ARRAY(SELECT i::text FROM generate_series(1, 1002) i));
SELECT count(*) FROM contact_guard.same_value('same.customer', 'name', '1', ARRAY(SELECT i::text FROM generate_series(1, 1001) i));
SET ROLE regress_same_idle;
SELECT contact_guard.same_value('same.customer', 'name', '1', '{2}');
RESET ROLE;
-- A function of another role does it for nobody, since the record would name who has called it.
CREATE FUNCTION same.lent() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER
	AS $$SELECT contact_guard.same_value('same.customer', 'name', '1', '{2}')$$;
ALTER FUNCTION same.lent() OWNER TO regress_same_auditor;
SET ROLE regress_same_idle;
SELECT same.lent();
RESET ROLE;
-- What the caller's own transaction has written is not compared, and what it has deleted is.
BEGIN;
INSERT INTO same.customer VALUES (20, 'x', '06 39 98 00 01', NULL, 'Lyon', 30, 'S');
DELETE FROM same.customer WHERE id = 4;
SELECT contact_guard.same_value('same.customer', 'phone', '1', '{4,20}');
SELECT contact_guard.same_value('same.customer', 'phone', '20', '{1,2,3}');
ROLLBACK;
-- Not tables
CREATE MATERIALIZED VIEW same.copy AS SELECT id, name FROM same.customer;
SELECT contact_guard.protect('same.copy', 'id', '{name}');
SELECT contact_guard.same_value('same.copy', 'name', '1', '{2}');
-- A rollback does not take the record back.
BEGIN;
SET LOCAL ROLE regress_same_auditor;
SELECT contact_guard.same_value('same.customer', 'code', '1', '{3}');
ROLLBACK;

SET ROLE regress_same_desk;
SELECT count(phone) FROM same.customer;
RESET ROLE;
SELECT contact_guard.sync();
SELECT relation, columns, customer, count, identity, reason FROM contact_guard.access_log
 WHERE event = 'audit_read' AND actor = 'regress_same_auditor' AND reason !~ 'with another' ORDER BY seq;
-- Each who was compared, and nobody who is not there
SELECT customer, count(*) FROM contact_guard.access_log
 WHERE event = 'audit_read' AND actor = 'regress_same_auditor' AND reason ~ 'with another' GROUP BY customer ORDER BY customer::int;
SELECT event, actor, count(*) FROM contact_guard.access_log
 WHERE relation ~ '^same' AND event NOT IN ('audit_read', 'refused') GROUP BY event, actor ORDER BY event, actor;
SELECT role, relation, purpose, level, given_by = current_user AS by_me, records, last_used IS NOT NULL AS used, problem
  FROM contact_guard.permission_use() WHERE role ~ '^regress_same';
SELECT role FROM contact_guard.permission_use(since => now() + interval '1 day') WHERE role ~ '^regress_same' AND records > 0;

SELECT contact_guard.disallow('regress_same_desk'), contact_guard.disallow('regress_same_desk', 'same.customer'),
       contact_guard.disallow('regress_same_idle', 'same.customer'), contact_guard.unprotect('same.customer');
DROP SCHEMA same CASCADE;
DROP ROLE regress_same_auditor, regress_same_desk, regress_same_idle;
