#!/bin/bash
# right: CREATE EXTENSION refuses the schema
# shows: ERROR: .*schema
# then d3: SELECT count(*) FROM pg_extension WHERE extname = 'contact_guard' => 0
# A role with CREATE on the database makes schema contact_guard before the superuser installs the extension; it stays the schema's owner.

psql -X -q -d postgres -c "CREATE DATABASE d3" -c "CREATE ROLE squat LOGIN"
psql -X -q -d d3 -c "GRANT CREATE ON DATABASE d3 TO squat"
psql -X -q -U squat -d d3 -c "CREATE SCHEMA contact_guard"
psql -X -d d3 -c "CREATE EXTENSION contact_guard" -c "SELECT nspname, nspowner::regrole FROM pg_namespace WHERE nspname='contact_guard'"
psql -X -q -d d3 <<'Q'
CREATE TABLE customer (id bigint primary key, phone text); INSERT INTO customer VALUES (42,'SECRET-42'); GRANT SELECT ON customer TO squat;
SELECT contact_guard.protect('customer','id','{phone}','constant(WITHHELD)');
Q
psql -X -U squat -d d3 <<'Q'
SELECT * FROM customer;
CREATE FUNCTION contact_guard.reveal(text, bigint, bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT $1';
SELECT * FROM customer;
\c
SELECT * FROM customer;
Q
psql -X -d d3 -c "SELECT contact_guard.sync()" -c "SELECT event, actor, customer FROM contact_guard.access_log WHERE event in ('shown','withheld')"
psql -X -U squat -d d3 <<'Q'
DROP FUNCTION contact_guard.reveal(text,bigint,bigint);
CREATE DOMAIN contact_guard.t AS text;  -- an OID above that of anyelement: sorted behind, and cg_objects_function() takes the last
CREATE FUNCTION contact_guard.reveal(contact_guard.t, bigint, bigint) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1; END';
SELECT * FROM customer;
\c
SELECT * FROM customer;
Q
psql -X -d d3 -c "SELECT contact_guard.sync()" -c "SELECT event, actor, customer FROM contact_guard.access_log WHERE event in ('shown','withheld')"
