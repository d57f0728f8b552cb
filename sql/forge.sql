-- Nobody makes a record, a verdict or a pseudonym that the rewrite has not asked for.
CREATE ROLE regress_forge_anna;
CREATE ROLE regress_forge_auditor IN ROLE contact_guard_auditor;
SET client_min_messages = warning;
CREATE SCHEMA regress_forge;
GRANT ALL ON SCHEMA regress_forge TO regress_forge_anna;
RESET client_min_messages;
CREATE TABLE regress_forge.customer (id bigint PRIMARY KEY, phone text);
INSERT INTO regress_forge.customer VALUES (7, '0600000007');
SELECT contact_guard.protect('regress_forge.customer', 'id', '{phone}', mask => 'pseudonym');
GRANT SELECT ON regress_forge.customer TO regress_forge_anna;
SET SESSION AUTHORIZATION regress_forge_anna;

-- reveal, called by hand
SELECT contact_guard.reveal('0612345678'::text, 7::bigint, NULL);
SELECT contact_guard.reveal('0612345678'::text, 7::bigint, NULL::contact_guard.site);
SELECT contact_guard.reveal('0612345678'::text, 7::bigint, '1');
SELECT contact_guard.keep('a'::text, '0612345678'::text, 7::bigint, NULL);
SELECT '1'::contact_guard.site;
SELECT '{1}'::contact_guard.site[];
SELECT 1::bigint::text::contact_guard.site;
SELECT contact_guard.site_in('1');
SELECT contact_guard.site_recv('1'::cstring);
SELECT contact_guard.site_out(NULL);
CREATE FUNCTION regress_forge.site() RETURNS contact_guard.site LANGUAGE sql AS 'SELECT NULL';
CREATE TABLE regress_forge.t (s contact_guard.site);
CREATE CAST (bigint AS contact_guard.site) WITHOUT FUNCTION;
CREATE DOMAIN regress_forge.d AS contact_guard.site;
PREPARE p (contact_guard.site) AS SELECT contact_guard.reveal('x'::text, 7, $1);
EXECUTE p ('1');
CREATE OPERATOR regress_forge.@@@ (LEFTARG = text, RIGHTARG = bigint, FUNCTION = contact_guard.reveal);

-- what is for others
SELECT proname, pg_get_function_identity_arguments(oid) AS arguments
  FROM pg_proc
 WHERE pronamespace = 'contact_guard'::regnamespace AND has_function_privilege('public', oid, 'EXECUTE')
 ORDER BY 1, 2;
SELECT relname FROM pg_class
 WHERE relnamespace = 'contact_guard'::regnamespace AND relkind IN ('r', 'p', 'v', 'S')
   AND has_table_privilege('public', oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER');
SELECT has_schema_privilege('contact_guard', 'CREATE');
SELECT contact_guard.allow('regress_forge_anna', 'because');
SELECT contact_guard.disallow('regress_forge_anna');
SELECT contact_guard.unprotect('regress_forge.customer');
SELECT contact_guard.retire();
SELECT contact_guard.open_intervention(7::bigint, 'regress_forge_anna', '-infinity', 'infinity');
SELECT contact_guard.open_intervention('7'::text, 'regress_forge_anna', '-infinity', 'infinity');
SELECT contact_guard.close_intervention(1);
SELECT contact_guard.record_policy('forged');
SELECT contact_guard.begin_journal();
SELECT contact_guard.act_as('somebody');
SELECT contact_guard.status();
SELECT contact_guard.who_read('7');
SELECT * FROM contact_guard.access_log;
SELECT * FROM contact_guard.journal_state;
INSERT INTO contact_guard.permission VALUES ('regress_forge_anna', NULL, 'because', 'recorded');
INSERT INTO contact_guard.intervention (customer, technician, opens_at, closes_at) VALUES (7, 'regress_forge_anna', '-infinity', 'infinity');
SECURITY LABEL FOR contact_guard ON COLUMN regress_forge.customer.phone IS NULL;
SET contact_guard.durability = relaxed;
SET contact_guard.withheld_detail = 0;
SET contact_guard.max_backlog = 64;
SET contact_guard.nonsense = 1;
SET LOCAL contact_guard.withheld_detail = 0;
SELECT set_config('contact_guard.durability', 'relaxed', false);
ALTER ROLE regress_forge_anna SET contact_guard.durability = relaxed;
CREATE FUNCTION regress_forge.f() RETURNS int LANGUAGE sql SET contact_guard.durability = relaxed AS 'SELECT 1';
SELECT regress_forge.f();

-- messages in WAL that pass for ours
RESET SESSION AUTHORIZATION;
SELECT contact_guard.sync();
SELECT rejected_messages AS rejected, log_size FROM contact_guard.status() \gset
SET SESSION AUTHORIZATION regress_forge_anna;
SELECT count(pg_logical_emit_message(false, 'contact_guard', m))
  FROM unnest(ARRAY['', 'forged', repeat('x', 100), repeat('x', 100000), E'\x01' || repeat('y', 60)]) m;
SELECT pg_logical_emit_message(false, 'contact_guard', decode('01' || repeat('00', 200), 'hex')) IS NOT NULL AS binary;
SELECT pg_logical_emit_message(true, 'contact_guard', 'in a transaction') IS NOT NULL AS transactional;
SELECT phone ~ '^[0-9a-f]{16}$' AS masked FROM regress_forge.customer;
SELECT contact_guard.sync();
RESET SESSION AUTHORIZATION;
SELECT rejected_messages - :rejected AS rejected, log_size - :log_size AS recorded FROM contact_guard.status();
SET ROLE regress_forge_auditor;
SELECT event, customer FROM contact_guard.access_log WHERE seq >= :log_size ORDER BY seq;
RESET ROLE;

SELECT contact_guard.unprotect('regress_forge.customer');
SET client_min_messages = warning;
DROP SCHEMA regress_forge CASCADE;
DROP ROLE regress_forge_anna, regress_forge_auditor;
