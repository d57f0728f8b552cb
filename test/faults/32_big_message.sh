#!/bin/bash
# right: the recorder goes on, sync() returns, reads are recorded
# never: canceling statement
# then crm: SET statement_timeout = '30s'; SELECT contact_guard.sync(); SELECT count(*) FROM contact_guard.log WHERE event = 'shown' AND actor = 'anna' AND customer = '7' => 2
# any role: one logical message of nearly 1 GB (pg_logical_emit_message is PUBLIC), which no WAL reader can read
psql -X -q -d crm -U anna -Atc "SELECT phone FROM crm.customer WHERE id=7"
psql -X -d crm -U anna -Atc "SELECT pg_logical_emit_message(false, 'x', convert_to(repeat('a', 1073741000), 'UTF8')) IS NOT NULL"
psql -X -q -d crm -U anna -Atc "SELECT phone FROM crm.customer WHERE id=7"
sleep 6
psql -X -d crm -c "SET statement_timeout='20s'" -c "SELECT contact_guard.sync()"
