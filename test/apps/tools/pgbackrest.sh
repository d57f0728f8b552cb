#!/bin/sh
# Tool: pgBackRest
# Packages: pgbackrest
# Version: pgbackrest version | sed 's/^pgBackRest //'
# Command: sh tools/pgbackrest.sh
# An archive, a backup of the running server, and a server that is restored from both.
set -eu
bin=/usr/lib/postgresql/15/bin
work=$APP_SOCKET/backrest
list="BEGIN; SELECT contact_guard.act_as('anna') \\g /dev/null
	SELECT id, phone FROM customer ORDER BY id LIMIT 5; COMMIT"
postgres() {
	runuser -u postgres -- "$@"
}
boss() {
	postgres $bin/psql -XAtq -v ON_ERROR_STOP=1 -h "$APP_SOCKET" -U postgres "$@"
}
postgres mkdir -p "$work/log" "$work/repo" "$work/lock" "$work/spool" "$work/socket"
cat >"$work/conf" <<-Q
	[global]
	repo1-path=$work/repo
	log-path=$work/log
	lock-path=$work/lock
	spool-path=$work/spool
	log-level-console=warn
	start-fast=y
	[crm]
	pg1-path=$APP_SOCKET/data
	pg1-socket-path=$APP_SOCKET
	pg1-port=$PGPORT
	pg1-user=postgres
Q
backrest() {
	postgres pgbackrest --config="$work/conf" --stanza=crm "$@" >&2
}
trap 'boss -c "ALTER SYSTEM RESET archive_command" -c "SELECT pg_reload_conf()" >/dev/null' EXIT
boss -c "ALTER SYSTEM SET archive_command = 'pgbackrest --config=$work/conf --stanza=crm archive-push %p'" -c "SELECT pg_reload_conf()" >/dev/null
backrest stanza-create
backrest backup --type=full
echo 'list anna' $(printf '%s;\n' "$list" | $bin/psql -XAtqF= -v ON_ERROR_STOP=1)
boss -c 'SELECT contact_guard.sync()' >/dev/null
boss -c 'SELECT pg_switch_wal()' >/dev/null
backrest check
records=$(boss -c 'SELECT count(*) FROM contact_guard.access_log')

postgres mkdir -m 700 "$work/restored"
backrest restore --pg1-path="$work/restored" --archive-mode=off --type=default
postgres $bin/pg_ctl -w -s -t 120 -D "$work/restored" -l "$work/log/server" \
	-o "-c listen_addresses= -c unix_socket_directories=$work/socket -c archive_mode=off -c cron.launch_active_jobs=off" start
trap 'postgres $bin/pg_ctl -w -s -m fast -D "$work/restored" stop; boss -c "ALTER SYSTEM RESET archive_command" -c "SELECT pg_reload_conf()" >/dev/null' EXIT
for i in $(seq 1 100); do
	[ "$(boss -h "$work/socket" -c 'SELECT pg_is_in_recovery()')" = t ] || break
	sleep 0.2
done
echo 'restored anna' $(printf '%s;\n' "$list" | PGHOST=$work/socket $bin/psql -XAtqF= -v ON_ERROR_STOP=1)
boss -h "$work/socket" -c 'SELECT contact_guard.sync()' >/dev/null
kept=$(boss -h "$work/socket" -c 'SELECT count(*) FROM contact_guard.access_log')
[ "$kept" -ge "$records" ] || { echo "records: $records, restored: $kept" >&2; exit 1; }
boss -h "$work/socket" -c "SELECT 'problem: ' || problem FROM contact_guard.status(), unnest(problems) problem" >&2
[ "$(boss -h "$work/socket" -c "SELECT count(*) FROM contact_guard.access_log WHERE event = 'gap'")" = 0 ] || { echo 'a gap, though no record is missing' >&2; exit 1; }
