#!/bin/bash
# right: the recorder goes on, sync() returns, reads are recorded
# then w1252: SET statement_timeout = '30s'; SELECT contact_guard.sync(); SELECT count(*) >= 1 FROM contact_guard.log WHERE event = 'withheld' AND actor = 'anna' => t
# a technician in a database of encoding WIN1252: one statement with a byte that the encoding does not define

psql -X -q -d postgres -c "CREATE DATABASE w1252 ENCODING 'WIN1252' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0"
psql -X -q -d w1252 <<'Q'
SET client_min_messages=error;
CREATE EXTENSION contact_guard; CREATE TABLE c (id int primary key, phone text); INSERT INTO c VALUES (1,'S1'); GRANT SELECT ON c TO anna;
SELECT contact_guard.protect('c','id','{phone}');
Q
printf 'SELECT phone AS "\x81" FROM c;\nSELECT phone FROM c;\n' > $LAB/w.sql
PGCLIENTENCODING=WIN1252 psql -X -q -At -d w1252 -U anna -f $LAB/w.sql
sleep 5
psql -X -d w1252 -c "SELECT recorder, lag_bytes, log_size FROM contact_guard.status()"
sleep 8
psql -X -d w1252 -c "SELECT recorder, lag_bytes, log_size FROM contact_guard.status()" -c "SELECT event, customer FROM contact_guard.log ORDER BY seq"
