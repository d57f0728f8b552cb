#!/bin/bash
# right: no trigger on crm.customer; no value told
# never: stored:
# Two technicians, anna and bob; anna holds the TRIGGER privilege on crm.customer (GRANT ALL gives it). Deterministic.

psql -X -q -d crm <<'Q'
SET client_min_messages=error;
GRANT ALL ON crm.customer TO anna; CREATE SCHEMA IF NOT EXISTS bob AUTHORIZATION bob; GRANT USAGE ON SCHEMA bob TO anna;
Q
psql -X -q -d crm -U bob -c "CREATE TABLE bob.customer (id bigint, name text, phone text)" -c "GRANT ALL ON bob.customer TO anna"
# bob: drops his table, and commits four seconds later
(echo "BEGIN; DROP TABLE bob.customer;"; sleep 4; echo "COMMIT;") | psql -X -q -d crm -U bob &
sleep 1
psql -X -d crm -U anna <<'Q'
CREATE FUNCTION anna.trg() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'stored: %', OLD.phone; RETURN NULL; END$$;
\echo -- straight: refused
CREATE TRIGGER t BEFORE UPDATE ON crm.customer FOR EACH ROW EXECUTE FUNCTION anna.trg();
SET search_path = bob, crm;
\echo -- the name changes its meaning between the check and the command
CREATE TRIGGER t BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION anna.trg();
SELECT tgrelid::regclass FROM pg_trigger WHERE tgname='t';
UPDATE crm.customer SET name = name WHERE id = 42;
Q
wait
psql -X -d crm -c "DROP TRIGGER t ON crm.customer" -c "SELECT contact_guard.sync()" -c "SELECT event, actor, customer, reason FROM contact_guard.access_log ORDER BY seq DESC LIMIT 3"
psql -X -q -d crm -c "REVOKE ALL ON crm.customer FROM anna; GRANT SELECT, INSERT, UPDATE, DELETE ON crm.customer TO anna; DROP FUNCTION anna.trg"
