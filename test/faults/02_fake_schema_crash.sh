#!/bin/bash
# right: no crash, and none after a restart
# arguments: view cols int8
# restart
# never: server closed the connection
# then d2: SELECT 1 => 1
# $1: view | cols | int8.  A role with CREATEDB crashes the cluster; the launcher's census starts a recorder in d2 after each restart: it crashes again.

psql -X -q -d postgres -c "CREATE ROLE mallet LOGIN CREATEDB"
psql -X -q -U mallet -d postgres -c "CREATE DATABASE d2"
case $1 in
view) T="CREATE VIEW x.journal_state AS SELECT true AS a";;
cols) T="CREATE TABLE x.journal_state (only_row boolean, system_identifier bigint, database oid, epoch integer, epoch_recorded boolean, mac_key bytea, $(for i in $(seq 7 600); do printf 'c%d bigint,' $i; done) z bigint); INSERT INTO x.journal_state SELECT true,1,1,1,true,decode(repeat('00',32),'hex') $(for i in $(seq 7 600); do printf ',1234567890123456789'; done)";;
int8) T="CREATE TABLE x.journal_state (only_row boolean, system_identifier bigint, database oid, epoch integer, epoch_recorded boolean, mac_key bigint, position bigint, log_size bigint, rejected bigint, gaps bigint, ga bigint, origin text, origin_number int, vk text); INSERT INTO x.journal_state VALUES (true,1,1,1,true,4702111234474983745,1,1,1,1,1,null,1,null)";;
esac
psql -X -q -U mallet -d d2 -c "CREATE SCHEMA x" -c "$T" -c "CREATE VIEW x.log AS SELECT 1 AS seq" -c "ALTER SCHEMA x RENAME TO contact_guard"
psql -X -U mallet -d d2 -c "TABLE contact_guard.log"
