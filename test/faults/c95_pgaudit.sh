#!/bin/bash
# right: masked and recorded, no crash
# preload: pgaudit
# shows: alive
# then crm: SET statement_timeout = '30s'; SELECT contact_guard.sync(); SELECT count(*) >= 1 FROM contact_guard.log WHERE event = 'withheld' AND customer = '42' => t
# PRELOAD pgaudit,contact_guard
psql -X -q -At -d crm -U anna -c "SELECT phone FROM crm.customer WHERE id IN (7, 42)"
psql -X -q -At -d crm -c "SELECT contact_guard.open_intervention('42','anna',now(),now()+interval '1 h')"
psql -X -q -At -d crm -U anna -c "SELECT phone FROM crm.customer WHERE id IN (7, 42)" && echo alive
