#!/bin/bash
# right: report reads, calls and creates nothing; the log has no record of his
# shows: (permission denied.*){5}
# never: forged|CREATE DOMAIN|CREATE FUNCTION|SECRET-42

psql -X -q -d postgres -c "CREATE DATABASE d4" -c "CREATE ROLE report LOGIN"
psql -X -d d4 -q <<'Q'
-- common: a read-only role, and an application role, for whatever the superuser makes
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO report;
ALTER DEFAULT PRIVILEGES GRANT EXECUTE ON FUNCTIONS TO report;
ALTER DEFAULT PRIVILEGES GRANT ALL ON SCHEMAS TO report;
CREATE EXTENSION contact_guard;
CREATE TABLE customer (id bigint primary key, phone text); INSERT INTO customer VALUES (42,'SECRET-42');
SELECT contact_guard.protect('customer','id','{phone}','constant(WITHHELD)');
SELECT contact_guard.sync();
Q
psql -X -U report -d d4 <<'Q'
SELECT event, actor, reason FROM contact_guard.log ORDER BY seq LIMIT 2;
SELECT contact_guard.record_policy('protect nothing at all (forged by report)');
SELECT contact_guard.purge('2020-01-01','x');
SELECT contact_guard.act_as('boss');
SELECT contact_guard.status();
SELECT contact_guard.customer_commitment('\x00','1');
CREATE DOMAIN contact_guard.t AS text;
CREATE FUNCTION contact_guard.reveal(contact_guard.t, bigint, bigint) RETURNS text LANGUAGE plpgsql STABLE AS 'BEGIN RETURN $1; END';
SELECT * FROM customer;
SELECT contact_guard.sync();
Q
psql -X -d d4 -c "SELECT event, actor, reason FROM contact_guard.access_log ORDER BY seq"
psql -X -q -d postgres -c "DROP DATABASE d4" -c "DROP OWNED BY report" -c "DROP ROLE report"
