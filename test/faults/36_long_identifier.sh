#!/bin/bash
# right: the recorder goes on, sync() returns, texts are bounded
# never: canceling statement
# then crm: SET statement_timeout = '30s'; SELECT contact_guard.sync(); SELECT max(octet_length(query)) < 100000 FROM contact_guard.query_text => t

python3 -c "print('SELECT phone AS \"' + 'x'*60000000 + '\" FROM crm.customer WHERE id=42;')" > $LAB/long.sql
psql -X -q -d crm -U anna -c "SELECT 1" >/dev/null
W0=$(psql -X -d crm -Atc "SELECT pg_current_wal_insert_lsn()")
psql -X -q -At -d crm -U anna -f $LAB/long.sql 2>&1 | cut -c1-60
sleep 3; R=$(psql -X -d crm -Atc "SELECT pid FROM pg_stat_activity WHERE backend_type='contact_guard recorder'"); grep -E "VmHWM|VmPeak" /proc/$R/status
psql -X -d crm -Atc "SET statement_timeout='60s'" -c "SELECT contact_guard.sync()" -c "SELECT max(length(query)), pg_size_pretty(pg_total_relation_size('contact_guard.query_text')) FROM contact_guard.query_text" -c "SELECT pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_insert_lsn(),'$W0'))"
rm $LAB/long.sql
