#!/bin/bash
# right: CREATE EXTENSION refuses the schema; squat is no superuser
# shows: ERROR: .*schema
# never: running as|\n t\n
# A role with CREATE on a database, before the superuser installs the extension there: superuser at CREATE EXTENSION

psql -X -q -d postgres -c "CREATE DATABASE d8" -c "CREATE ROLE squat LOGIN"
psql -X -q -d d8 -c "GRANT CREATE ON DATABASE d8 TO squat"
psql -X -q -U squat -d d8 <<'Q'
CREATE SCHEMA contact_guard;
CREATE FUNCTION contact_guard.use_interventions(relation text, customer text, technician text, opens_at text, closes_at text, open_when text) RETURNS void
 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE 'running as %', current_user; ALTER ROLE squat SUPERUSER; END$$;
Q
psql -X -d d8 -c "SELECT rolsuper FROM pg_roles WHERE rolname='squat'" -c "CREATE EXTENSION contact_guard" -c "SELECT rolsuper FROM pg_roles WHERE rolname='squat'"
psql -X -q -d postgres -c "DROP DATABASE d8 WITH (FORCE)" -c "DROP ROLE squat"
