-- Setting, changing and taking back a policy: what the labels say, and every refusal.
CREATE SCHEMA regress_policy;
SET search_path = regress_policy;
CREATE ROLE regress_policy_admin IN ROLE contact_guard_admin;
CREATE ROLE regress_policy_owner;
CREATE ROLE regress_policy_anna;
GRANT regress_policy_owner TO regress_policy_admin;
GRANT ALL ON SCHEMA regress_policy TO regress_policy_owner, regress_policy_admin, regress_policy_anna;
SET ROLE regress_policy_owner;
CREATE TABLE customer (id int PRIMARY KEY, code numeric, name text, phone varchar(20), email text, floor int, parent text UNIQUE);
CREATE TABLE callback (customer int REFERENCES customer, parent text REFERENCES customer (parent));
CREATE VIEW customers AS SELECT id, name FROM customer;
CREATE SEQUENCE seq;
CREATE TABLE visit (no int, customer int, technician text, starts timestamptz, ends timestamptz, state text, span tstzrange, minutes int);
INSERT INTO customer VALUES (1, 1, 'n', '0600000001', 'one@example.fr', 1, 'p');
GRANT SELECT ON customer TO regress_policy_anna;
RESET ROLE;
CREATE VIEW labels AS
	SELECT l.objoid::regclass AS relation, a.attname AS column, l.label
	  FROM pg_seclabel l JOIN pg_class c ON c.oid = l.objoid LEFT JOIN pg_attribute a ON a.attrelid = l.objoid AND a.attnum = l.objsubid AND l.objsubid > 0
	 WHERE l.provider = 'contact_guard' AND l.classoid = 'pg_class'::regclass AND c.relnamespace = 'regress_policy'::regnamespace
	 ORDER BY c.relname COLLATE "C", l.objsubid;
GRANT SELECT ON labels TO regress_policy_admin;

-- who may
SET ROLE regress_policy_anna;
SELECT contact_guard.protect('customer', 'id', '{phone}');
SET ROLE regress_policy_owner;
SELECT contact_guard.protect('customer', 'id', '{phone}');
SECURITY LABEL FOR contact_guard ON COLUMN customer.phone IS '{"protect": {"mask": "null"}}';
RESET ROLE;
REVOKE regress_policy_owner FROM regress_policy_admin;
SET ROLE regress_policy_admin;
SELECT contact_guard.protect('customer', 'id', '{phone}');
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends', id => 'no');
RESET ROLE;
GRANT regress_policy_owner TO regress_policy_admin;

-- protect
SET SESSION AUTHORIZATION regress_policy_admin;
SET search_path = regress_policy;
SELECT contact_guard.protect('customer', 'id', '{phone}', mask => 'partial(4,2)');
SELECT contact_guard.protect('customer', 'id', '{email,floor}');
SELECT contact_guard.protect('customer', 'id', '{email}', mask => 'email');
SELECT contact_guard.protect('customer', 'id', '{floor}', mask => 'constant(0)');
SELECT * FROM labels;
SELECT contact_guard.protect('nowhere', 'id', '{phone}');
SELECT contact_guard.protect(0, 'id', '{phone}');
SELECT contact_guard.protect('customers', 'id', '{phone}');
SELECT contact_guard.protect('seq', 'id', '{phone}');
SELECT contact_guard.protect('pg_class', 'oid', '{relname}');
SELECT contact_guard.protect('contact_guard.intervention', 'customer', '{technician}');
SELECT contact_guard.protect('customer', 'no', '{phone}');
SELECT contact_guard.protect('customer', 'id', '{fax}');
SELECT contact_guard.protect('customer', 'id', '{ctid}');
SELECT contact_guard.protect('customer', 'ctid', '{phone}');
SELECT contact_guard.protect('customer', 'id', '{}');
SELECT contact_guard.protect('customer', 'id', '{phone,NULL}');
SELECT contact_guard.protect('customer', 'id', '{id}');
SELECT contact_guard.protect('customer', 'floor', '{phone}');
SELECT contact_guard.protect('customer', 'phone', '{name}');
SELECT contact_guard.protect('customer', 'code', '{name}');
SELECT contact_guard.protect('customer', 'id', '{parent}');
SELECT contact_guard.protect('callback', 'customer', '{parent}');
SELECT contact_guard.protect('customer', 'id', '{name}', mode => 'blur');
SELECT contact_guard.protect('customer', 'id', '{name}', fallback => 'luck');
SELECT contact_guard.protect('customer', 'id', '{name}', mask => 'hash');
SELECT contact_guard.protect('customer', 'id', '{name}', mask => 'partial(-1,2)');
SELECT contact_guard.protect('customer', 'id', '{name}', mask => 'partial(1,2)x');
SELECT contact_guard.protect('customer', 'id', '{name}', mask => '');
SELECT contact_guard.protect('customer', 'id', '{floor}', mask => 'partial(1,1)');
SELECT contact_guard.protect('customer', 'id', '{floor}', mask => 'email');
SELECT contact_guard.protect('customer', 'id', '{floor}', mask => 'pseudonym');
SELECT contact_guard.protect('customer', 'id', '{floor}', mask => 'constant(ground)');
SELECT contact_guard.protect('customer', 'id', '{phone}', mask => 'constant(a constant that is too long)');
SELECT count(*) FROM labels;

-- interventions
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends');
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends', id => 'no', open_when => $$state = 'on'$$, early => '15 min', longest => '1 day 2 h');
SELECT * FROM labels WHERE relation = 'visit'::regclass;
CREATE FUNCTION use(open_when text) RETURNS void LANGUAGE sql AS
	$$SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends', id => 'no', open_when => $1)$$;
\set VERBOSITY terse
SELECT use('state =');
SELECT use('nothing = 1');
SELECT use('state');
SELECT use('1');
SELECT use('state = ''on'') OR (true');
SELECT use('');
SELECT use('random() < 2');
SELECT use('starts < now()');
SELECT use('starts < CURRENT_TIMESTAMP');
SELECT use('starts::date = current_date');
SELECT use('starts < statement_timestamp()');
SELECT use('starts < clock_timestamp()');
SELECT use('count(*) > 0');
SELECT use('EXISTS (SELECT FROM regress_policy.customer c WHERE c.id = i.customer)');
\set VERBOSITY default
SELECT label FROM labels WHERE relation = 'visit'::regclass AND "column" IS NULL;
SELECT contact_guard.use_interventions('visit', 'nobody', 'technician', 'starts', 'ends', id => 'no');
SELECT contact_guard.use_interventions('visit', 'customer', 'customer', 'starts', 'ends', id => 'no');
SELECT contact_guard.use_interventions('visit', 'customer', 'minutes', 'starts', 'ends', id => 'no');
SELECT contact_guard.use_interventions('visit', 'span', 'technician', 'starts', 'ends', id => 'no');
SELECT contact_guard.use_interventions('visit', 'state', 'technician', 'starts', 'ends', id => 'no');
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'minutes', 'ends', id => 'no');
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends', id => 'no', early => '-1 h');
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends', id => 'no', longest => '-1 h');
SELECT contact_guard.use_interventions('visit', NULL, 'technician', 'starts', 'ends', id => 'no');
SELECT contact_guard.use_interventions('seq', 'last_value', 'log_cnt', 'is_called', 'x');
SELECT contact_guard.forget_interventions('customer');
-- moving a part to another column takes the old label away
ALTER TABLE visit ADD starts2 timestamptz;
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts2', 'ends', id => 'no');
SELECT * FROM labels WHERE relation = 'visit'::regclass;
SELECT contact_guard.forget_interventions('visit');
SELECT contact_guard.forget_interventions('visit');

-- labels by hand
\set VERBOSITY terse
SECURITY LABEL FOR contact_guard ON COLUMN customer.name IS 'secret';
SECURITY LABEL FOR contact_guard ON COLUMN customer.name IS '[]';
SECURITY LABEL FOR contact_guard ON COLUMN customer.name IS '{"guard": "yes"}';
SECURITY LABEL FOR contact_guard ON COLUMN customer.name IS '{"protect": "yes"}';
SECURITY LABEL FOR contact_guard ON COLUMN customer.name IS '{"protect": {}}';
SECURITY LABEL FOR contact_guard ON COLUMN customer.name IS '{"protect": {"mask": 1}}';
SECURITY LABEL FOR contact_guard ON COLUMN customer.name IS '{"protect": {"mask": "hash"}}';
SECURITY LABEL FOR contact_guard ON COLUMN customer.floor IS '{"protect": {"mask": "email"}}';
SECURITY LABEL FOR contact_guard ON COLUMN customer.name IS '{"interventions": "when"}';
SECURITY LABEL FOR contact_guard ON TABLE customer IS '{"protect": "yes"}';
SECURITY LABEL FOR contact_guard ON TABLE customer IS '{"protect": {"mode": "blur"}}';
SECURITY LABEL FOR contact_guard ON TABLE customer IS '{"interventions": {"when": "x"}}';
SECURITY LABEL FOR contact_guard ON VIEW customers IS '{"protect": {"mode": "mask"}}';
SECURITY LABEL FOR contact_guard ON SEQUENCE seq IS '{"protect": {"mode": "mask"}}';
SECURITY LABEL FOR contact_guard ON FUNCTION use(text) IS '{}';
\set VERBOSITY sqlstate
SECURITY LABEL FOR contact_guard ON ROLE regress_policy_anna IS '{}';
\set VERBOSITY default
-- one that makes a policy which no longer makes sense: refused when read
SECURITY LABEL FOR contact_guard ON COLUMN customer.id IS NULL;
SELECT id, name FROM customer;
SELECT phone FROM customer;
SELECT problem FROM contact_guard.status(), unnest(problems) problem WHERE problem LIKE '%customer%';
SELECT contact_guard.protect('customer', 'id', '{phone}', mask => 'partial(4,2)');
SELECT phone FROM customer;

-- labels follow renames and go with columns; unprotect
ALTER TABLE customer RENAME phone TO tel;
ALTER TABLE customer RENAME TO client;
ALTER TABLE client DROP floor;
SELECT * FROM labels;
SELECT tel, email FROM client;
SELECT contact_guard.unprotect('client', '{email}');
SELECT contact_guard.unprotect('client', '{email}');
SELECT contact_guard.unprotect('client', '{fax}');
SELECT contact_guard.unprotect(NULL);
SELECT * FROM labels;
BEGIN;
SELECT contact_guard.unprotect('client');
SELECT tel FROM client;
ROLLBACK;
SELECT tel FROM client;
SELECT contact_guard.unprotect('client');
SELECT contact_guard.unprotect('client');
SELECT * FROM labels;
SELECT tel FROM client;

-- standing permissions
SELECT contact_guard.protect('client', 'id', '{tel}');
SELECT contact_guard.allow('regress_policy_anna', '');
SELECT contact_guard.allow('regress_policy_anna', NULL);
SELECT contact_guard.allow('regress_policy_anna', 'x', level => 'much');
SELECT contact_guard.allow('regress_nobody', 'x');
SELECT contact_guard.allow(1::oid::regrole, 'x');
SELECT contact_guard.allow('regress_policy_anna', 'x', 'visit');
SELECT contact_guard.allow('regress_policy_anna', 'calls', 'client');
SELECT contact_guard.allow('regress_policy_anna', 'planning', 'client', 'bulk');
RESET SESSION AUTHORIZATION;
SELECT role, relation, purpose, level FROM contact_guard.permission WHERE role = 'regress_policy_anna'::regrole;
SET ROLE regress_policy_anna;
SELECT tel FROM regress_policy.client;
SET ROLE regress_policy_admin;
SELECT contact_guard.disallow('regress_policy_anna');
SELECT contact_guard.disallow('regress_policy_anna', 'client');
SET ROLE regress_policy_anna;
SELECT tel FROM regress_policy.client;
RESET ROLE;

-- what the guard cannot reach is said
CREATE MATERIALIZED VIEW matview AS SELECT name FROM client;
CREATE FUNCTION nothing() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER t BEFORE UPDATE ON client FOR EACH ROW EXECUTE FUNCTION nothing();
ALTER TABLE client ADD up text GENERATED ALWAYS AS (upper(name)) STORED;
SELECT contact_guard.trust_function('nothing()', 'it looks at nothing');
ALTER FUNCTION nothing() SET search_path = regress_policy, pg_temp;
SECURITY LABEL FOR contact_guard ON FUNCTION nothing() IS '{"trusted": ""}';
SELECT contact_guard.trust_function('nothing()', 'it looks at nothing');
CREATE TRIGGER t BEFORE UPDATE ON client FOR EACH ROW EXECUTE FUNCTION nothing();
SELECT contact_guard.protect('client', 'id', '{name}');
SELECT problem FROM contact_guard.status(), unnest(problems) problem WHERE problem ~ 'client';
SELECT contact_guard.distrust_function('nothing()');
SELECT contact_guard.distrust_function('nothing()');
SELECT problem FROM contact_guard.status(), unnest(problems) problem WHERE problem ~ 'client';
SELECT contact_guard.protect('client', 'id', '{name}');
SELECT contact_guard.protect('client', 'id', '{name}', unpinned => 'perhaps');
SELECT contact_guard.protect('client', 'id', '{name}', unpinned => 'accept');
SET ROLE regress_policy_anna;
SELECT contact_guard.trust_function('regress_policy.nothing()', 'me');
SECURITY LABEL FOR contact_guard ON FUNCTION regress_policy.nothing() IS '{"trusted": "me"}';
RESET ROLE;

-- every change is a record, unless it is rolled back
SELECT contact_guard.sync();
SELECT actor, reason FROM contact_guard.access_log WHERE event = 'policy' AND actor LIKE 'regress_policy_%' ORDER BY seq;

-- retire; DROP EXTENSION before that
DROP EXTENSION contact_guard;
SELECT contact_guard.use_interventions('visit', 'customer', 'technician', 'starts', 'ends', id => 'no');
BEGIN;
SELECT contact_guard.retire();
SELECT count(*) FROM labels;
ROLLBACK;
SELECT contact_guard.retire();
SELECT count(*) FROM labels;
SET client_min_messages = warning;
DROP SCHEMA regress_policy CASCADE;
DROP ROLE regress_policy_admin, regress_policy_owner, regress_policy_anna;
