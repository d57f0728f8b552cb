-- right: protect() refuses the check, and says how to mend it
-- shows: may not be called with guarded values.*ALTER FUNCTION crm.ok_phone.text. SET search_path
\c crm postgres
SET client_min_messages=error;
DROP TABLE IF EXISTS crm.c2; DROP FUNCTION IF EXISTS crm.ok_phone(text); DROP FUNCTION IF EXISTS crm.touch() CASCADE;
SET ROLE owner;
-- an ordinary CRM: a check in PL/pgSQL, and a trigger that writes a digest of the phone; neither pins its search_path
CREATE FUNCTION crm.ok_phone(p text) RETURNS bool IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN p ~ '^[A-Z0-9-]+$'; END$$;
CREATE TABLE crm.c2 (id bigint PRIMARY KEY, name text, phone text CHECK (crm.ok_phone(phone)));
INSERT INTO crm.c2 VALUES (7,'n7','SECRET-C2-7'),(42,'n42','SECRET-C2-42');
GRANT SELECT, UPDATE ON crm.c2 TO anna;
RESET ROLE;
SET client_min_messages=warning;
SELECT contact_guard.protect('crm.c2','id','{phone}','constant(WITHHELD)');
\c crm anna
SELECT * FROM crm.c2;
CREATE FUNCTION anna.spy(text, text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'told: %', $1; RETURN true; END$$;
CREATE OPERATOR anna.~ (FUNCTION = anna.spy, LEFTARG = text, RIGHTARG = text);
SET search_path = anna, pg_catalog;
UPDATE crm.c2 SET name = name WHERE id = 42;
DROP OPERATOR anna.~ (text, text); DROP FUNCTION anna.spy;
\c crm postgres
SELECT contact_guard.sync();
SELECT event, actor, relation, customer, query FROM contact_guard.access_log WHERE relation='crm.c2' ORDER BY seq;
