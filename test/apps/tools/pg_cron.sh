#!/bin/sh
# Tool: pg_cron, beside contact_guard in shared_preload_libraries
# Packages: postgresql-15-cron
# Version: dpkg-query -W -f '${Version}' postgresql-15-cron | sed 's/-.*//'
# Command: sh tools/pg_cron.sh
# The jobs are of roles that have no end user: one with a standing permission, and the pool.
set -eu
psql="/usr/lib/postgresql/15/bin/psql -XAtq -v ON_ERROR_STOP=1"
boss() {
	runuser -u postgres -- $psql -h "$APP_SOCKET" -U postgres "$@"
}
boss <<-'Q'
	CREATE EXTENSION pg_cron;
	CREATE ROLE nightly LOGIN IN ROLE dispatcher;
	CREATE TABLE report (id bigint, phone text);
	ALTER TABLE report OWNER TO nightly;
	GRANT USAGE ON SCHEMA cron TO nightly, pool;
	SET SESSION AUTHORIZATION nightly;
	SELECT cron.schedule('report', '* * * * *', 'INSERT INTO report SELECT id, phone FROM customer WHERE id IN (8, 9) AND NOT EXISTS (SELECT FROM report)') \g /dev/null
	SET SESSION AUTHORIZATION pool;
	SELECT cron.schedule('look', '* * * * *', $$DO 'BEGIN ASSERT (SELECT array_agg(phone ORDER BY id) FROM customer WHERE id <= 3) = ''{0639****01,0639****02,0639****03}''; END'$$) \g /dev/null
	SELECT cron.schedule('tidy', '* * * * *', $$UPDATE customer SET city = 'Paris' WHERE id = 2$$) \g /dev/null
Q
ended="SELECT count(DISTINCT jobid) FROM cron.job_run_details WHERE status IN ('succeeded', 'failed')"
for i in $(seq 1 200); do
	[ "$(boss -c "$ended")" != 3 ] || break
	sleep 1
done
boss -c "SELECT command, status, return_message FROM cron.job_run_details WHERE status <> 'succeeded'" >&2
boss -c "SELECT cron.unschedule(jobid) FROM cron.job" >/dev/null
boss -c "SELECT 'job nightly ' || string_agg(id || '=' || phone, ' ' ORDER BY id) FROM report"
boss -c "SELECT DISTINCT 'forgotten pool 1=0639****01 2=0639****02 3=0639****03' FROM cron.job_run_details WHERE command LIKE 'DO%' AND status = 'succeeded'"
boss -c "SELECT 'changed pool ' || id FROM customer WHERE city = 'Paris'"
