-- The customer's report: what subject_report() says, and what it does not.
CREATE SCHEMA regress_report;
SET search_path = regress_report;
SET client_min_messages = warning;
CREATE ROLE regress_report_anna;
CREATE ROLE regress_report_bert;
CREATE ROLE regress_report_office;
CREATE ROLE regress_report_desk IN ROLE regress_report_office;
CREATE ROLE regress_report_backup;
CREATE ROLE regress_report_techs;
GRANT regress_report_techs TO regress_report_anna, regress_report_bert;
CREATE ROLE regress_report_dpo IN ROLE contact_guard_dpo;
CREATE ROLE regress_report_auditor IN ROLE contact_guard_auditor;
GRANT ALL ON SCHEMA regress_report TO PUBLIC;
CREATE TABLE customer (id int PRIMARY KEY, phone text, email text);
INSERT INTO customer SELECT i, '06' || to_char(i, 'FM00000000'), i || '@example.fr' FROM generate_series(1, 400) i;
GRANT SELECT ON customer TO PUBLIC;
CREATE TABLE visit (id text PRIMARY KEY, customer int, technician text, starts timestamptz, ends timestamptz);
CREATE INDEX ON visit (technician, starts);
INSERT INTO visit VALUES ('V-7', 7, 'regress_report_anna', clock_timestamp() - interval '1 h', clock_timestamp() + interval '1 h'),
	('V-8', 8, 'regress_report_anna', clock_timestamp() - interval '1 h', clock_timestamp() + interval '1 h');
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends');
SELECT contact_guard.protect('customer', 'id', '{phone,email}');
SELECT contact_guard.allow('regress_report_office', 'planning');
SELECT contact_guard.allow('regress_report_backup', 'nightly dump', 'customer', 'bulk');
SELECT contact_guard.reader_category('regress_report_techs', 'technician');
SELECT contact_guard.reader_category('regress_report_office', 'dispatch');
SELECT contact_guard.reader_category('regress_report_backup', '');
SELECT contact_guard.reader_category(NULL, 'x');
SELECT * FROM contact_guard.category ORDER BY label;
SELECT contact_guard.sync();
SELECT clock_timestamp() AS start \gset

-- reads that name customer 7, and others that may have included him
SET SESSION AUTHORIZATION regress_report_anna;
SELECT phone FROM customer WHERE id IN (7, 8) ORDER BY id;
SET SESSION AUTHORIZATION regress_report_bert;
SELECT email FROM customer WHERE id = 7;
SELECT count(phone) FROM customer WHERE id > 7;
SET SESSION AUTHORIZATION regress_report_desk;
SELECT id FROM customer WHERE phone = '0600000007';
-- a search that finds nobody has compared him, too
SELECT id FROM customer WHERE email = 'nobody@example.fr';
SET SESSION AUTHORIZATION regress_report_backup;
COPY (SELECT count(*) FROM customer WHERE phone IS NULL) TO STDOUT;
SELECT count(phone) FROM customer;
RESET SESSION AUTHORIZATION;
SELECT clock_timestamp() AS left_at \gset

-- the report waits for what was read before it
SET SESSION AUTHORIZATION regress_report_dpo;
CREATE TEMPORARY TABLE first AS SELECT * FROM contact_guard.subject_report(7, 'DSAR-1', :'start', leaves => true);
CREATE TEMPORARY TABLE second AS SELECT * FROM contact_guard.subject_report(7::bigint, 'DSAR-1', :'start');
CREATE TEMPORARY TABLE other AS SELECT * FROM contact_guard.subject_report('8'::text, 'DSAR-2', :'start');
SELECT kind, event, category, relation, columns, purpose, intervention, reason, times, count, seq IS NOT NULL AS seq, opens_at < clock_timestamp() AS opened, length(reader) AS reader
  FROM first WHERE kind IN ('named', 'unnamed') ORDER BY kind, event, category, columns, purpose;
SELECT kind, count(*), bool_and(read_at <= clock_timestamp()) AS past, bool_and(last_at BETWEEN :'left_at' AND clock_timestamp()) AS complete_until FROM first WHERE kind = 'since' GROUP BY kind;
-- without leaves there is nothing by which two reports can be joined exactly
SELECT count(*) > 0 AS rows, count(seq) AS numbers, count(*) FILTER (WHERE read_at <> date_trunc('second', read_at)) AS exact FROM second;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT * FROM contact_guard.subject_report(7, 'DSAR-1');
ROLLBACK;
-- one reader has one pseudonym in a report, and none of another report
SELECT count(DISTINCT reader) AS readers FROM first;
SELECT count(*) AS shared FROM first a JOIN first b USING (reader) WHERE a.kind = 'named' AND b.kind = 'unnamed';
SELECT count(*) AS shared FROM first JOIN second USING (reader);
SELECT count(*) AS shared FROM first JOIN other USING (reader);
-- the calls of one transaction are one report
BEGIN;
CREATE TEMPORARY TABLE a ON COMMIT DROP AS SELECT * FROM contact_guard.subject_report(7, 'DSAR-3', :'start');
CREATE TEMPORARY TABLE b ON COMMIT DROP AS SELECT * FROM contact_guard.subject_report(8, 'DSAR-3', :'start');
SELECT count(DISTINCT a.reader) AS shared FROM a JOIN b USING (reader) WHERE a.kind = 'named' AND a.event = 'shown' AND b.event = 'shown' AND b.kind = 'named';
ROLLBACK;
-- the leaf is that of the record, and the customer opens it; the actor does not
RESET SESSION AUTHORIZATION;
SELECT bool_and((f.leaf IS NOT NULL) = (position(convert_to(l.session, 'UTF8') IN contact_guard.leaf(f.seq)) = 0)) AS only_if_sealed,
       bool_and(coalesce(f.leaf = contact_guard.leaf(f.seq), true)) AS leaf,
       bool_and(coalesce(position(contact_guard.customer_commitment(f.customer_salt, '7') IN f.leaf) > 0, true)) AS opens
  FROM first f JOIN contact_guard.access_log l USING (seq) WHERE f.kind = 'named' AND f.event IN ('shown', 'withheld', 'lookup');
SELECT coalesce(bool_and(position(convert_to('regress_report_' || name, 'UTF8') IN f.leaf) = 0), true) AS names_nobody
  FROM first f, unnest('{anna,bert,desk,backup,dpo}'::text[]) name WHERE f.leaf IS NOT NULL;
-- ... nor the session, the statement and the reason, which lead to him
SELECT count(*) > 0 AS leaves, count(*) FILTER (WHERE position(convert_to(w.session, 'UTF8') IN f.leaf) > 0
	OR position(convert_to(w.reason, 'UTF8') IN f.leaf) > 0 OR position(int8send(w.query_id) IN f.leaf) > 0) AS telling
  FROM first f JOIN contact_guard.whole_log w USING (seq) WHERE f.leaf IS NOT NULL;
SELECT bool_or(f::text ~ 'regress_report_') AS names FROM first f;

-- each call is a record, also of a transaction that is rolled back
SELECT contact_guard.sync();
SELECT event, actor, customer, regexp_replace(regexp_replace(reason, 'from [^i]+ until', 'from then until'), '[0-9a-f]{64}', 'hash') AS reason FROM contact_guard.access_log
 WHERE event IN ('report', 'disclosure') AND read_at > :'start' ORDER BY seq;

-- who may make reports is on record
SELECT reason FROM contact_guard.access_log WHERE event = 'policy' AND reason LIKE '%role contact_guard_dpo%regress_report_dpo';
-- names: by the reference, with a decision
SET SESSION AUTHORIZATION regress_report_dpo;
SELECT array_agg(DISTINCT reader) AS readers FROM first WHERE kind = 'named' AND event IN ('shown', 'withheld') \gset
SELECT actor FROM contact_guard.name_readers('DSAR-1', :'readers', 'the court of Lyon') ORDER BY actor;
SELECT array_agg(DISTINCT reader) AS unnamed FROM first WHERE kind = 'unnamed' \gset
SELECT actor FROM contact_guard.name_readers('DSAR-1', :'unnamed', 'who has searched or copied') ORDER BY actor;
SELECT actor FROM contact_guard.name_readers('DSAR-2', :'readers', 'the wrong report');
SELECT actor FROM contact_guard.name_readers('DSAR-3', :'readers', 'a report that was rolled back');
SELECT actor FROM contact_guard.name_readers('DSAR-1', :'readers', '');
SELECT actor FROM contact_guard.name_readers('DSAR-1', '{}', 'x');
SELECT actor FROM contact_guard.name_readers('DSAR-1', '{NULL}', 'x');
SELECT actor FROM contact_guard.name_readers('DSAR-1', '{anna}', 'x');
-- what was named stays on record, also when the statement fails; a transaction that goes on could be rolled back
SELECT 1 / (count(*) - count(*)) FROM contact_guard.name_readers('DSAR-1', :'readers', 'a decision that is rolled back');
BEGIN;
SELECT * FROM contact_guard.name_readers('DSAR-1', :'readers', 'x');
ROLLBACK;
DO $$BEGIN PERFORM contact_guard.name_readers('DSAR-1', '{0123456789abcdef}', 'x'); EXCEPTION WHEN division_by_zero THEN NULL; END$$;
-- nobody is found: no record, and none for a customer in whose report nobody was found
SELECT * FROM contact_guard.name_readers('DSAR-1', '{0123456789abcdef}', 'nobody');
BEGIN;
CREATE TEMPORARY TABLE d AS SELECT * FROM contact_guard.subject_report(7, 'DSAR-7', :'start');
SELECT count(*) > 0 AS made FROM contact_guard.subject_report(7007, 'DSAR-7', :'start');
COMMIT;
SELECT DISTINCT reader AS one FROM d WHERE kind = 'named' AND event = 'shown' AND intervention = 'V-7' \gset
SELECT actor FROM contact_guard.name_readers('DSAR-7', ARRAY['0123456789abcdef', :'one'], 'one of two');
SELECT * FROM contact_guard.subject_report(7, 'two words');
SELECT * FROM contact_guard.subject_report(7, E'a\x1b[31m');
SELECT * FROM contact_guard.subject_report(NULL::int, 'x');
SELECT * FROM contact_guard.subject_report(1.5, 'x');
SELECT * FROM contact_guard.subject_report(7, 'x', 'infinity');
SELECT count(*) FROM contact_guard.report;
SELECT count(*) FROM contact_guard.disclosure;
SELECT contact_guard.reader_category('regress_report_dpo', 'x');
RESET SESSION AUTHORIZATION;
SELECT contact_guard.reader_category('contact_guard_dpo', NULL);
SELECT contact_guard.sync();
SELECT l.count, l.actor, l.customer, l.customer = d.customer AS his, l.reason LIKE '%decision ' || encode(sha256(d.salt || convert_to(d.decision, 'UTF8')), 'hex') || ', readers ' || array_to_string(d.readers, ' ') AS committed, d.decision
  FROM contact_guard.access_log l LEFT JOIN contact_guard.disclosure d ON l.reason LIKE '%' || encode(sha256(d.salt || convert_to(d.decision, 'UTF8')), 'hex') || '%' WHERE l.event = 'disclosure' AND l.read_at > :'start' ORDER BY l.seq;
SET ROLE regress_report_auditor;
SELECT reference, decision FROM contact_guard.disclosure ORDER BY reference;
SELECT count(*) FROM contact_guard.journal_passed WHERE false;
SELECT count(*) FROM contact_guard.report;
SELECT count(*) FROM contact_guard.subject_report(7, 'x');
RESET ROLE;
-- reading the decisions is on record, as all reading of the log
SELECT contact_guard.sync();
SELECT relation, count FROM contact_guard.access_log WHERE event = 'audit_read' AND actor = 'regress_report_auditor' AND read_at > :'start' ORDER BY seq;
-- who gets another category, and by whom, is on record: it tells from two reports who a reader is
SELECT clock_timestamp() AS granted \gset
CREATE ROLE regress_report_team;
GRANT regress_report_techs TO regress_report_team;
GRANT regress_report_team TO regress_report_auditor;
REVOKE regress_report_team FROM regress_report_auditor;
GRANT regress_report_bert TO regress_report_auditor;
DROP ROLE regress_report_team;
SELECT contact_guard.sync();
SELECT reason FROM contact_guard.access_log WHERE event = 'policy' AND read_at > :'granted' ORDER BY seq;
REVOKE regress_report_bert FROM regress_report_auditor;
-- the officer's right is not lent: the record would name the borrower
CREATE FUNCTION lent_report() RETURNS SETOF text SECURITY DEFINER LANGUAGE sql AS $$SELECT kind FROM contact_guard.subject_report(7, 'LENT')$$;
CREATE FUNCTION lent_names() RETURNS SETOF text SECURITY DEFINER LANGUAGE sql AS $$SELECT actor FROM contact_guard.name_readers('DSAR-1', '{0123456789abcdef}', 'x')$$;
ALTER FUNCTION lent_report() OWNER TO regress_report_dpo;
ALTER FUNCTION lent_names() OWNER TO regress_report_dpo;
SET ROLE regress_report_bert;
SELECT lent_report();
SELECT lent_names();
RESET ROLE;
-- nobody else writes the tables
INSERT INTO contact_guard.report VALUES ('x', '7', 'x', '3', now());
DELETE FROM contact_guard.disclosure;
UPDATE contact_guard.category SET label = 'x';
-- not even a superuser, or a member of pg_read_all_data, reads the keys of pseudonyms
SELECT count(*) FROM contact_guard.report;
COPY contact_guard.report TO STDOUT;
GRANT pg_read_all_data TO regress_report_auditor;
SET ROLE regress_report_auditor;
SELECT count(key) FROM contact_guard.report;
RESET ROLE;

SELECT contact_guard.unprotect('customer');
SELECT contact_guard.forget_interventions('visit');
SELECT contact_guard.disallow('regress_report_office');
SELECT contact_guard.disallow('regress_report_backup', 'customer');
SELECT contact_guard.reader_category('regress_report_techs', NULL), contact_guard.reader_category('regress_report_office', NULL);
DROP SCHEMA regress_report CASCADE;
DROP OWNED BY regress_report_dpo;
REVOKE contact_guard_dpo FROM regress_report_dpo;
DROP ROLE regress_report_office, regress_report_anna, regress_report_bert, regress_report_desk, regress_report_backup, regress_report_techs, regress_report_dpo, regress_report_auditor;
