#!/bin/sh
# Tool: pgaudit, beside contact_guard in shared_preload_libraries
# Packages: postgresql-15-pgaudit
# Version: dpkg-query -W -f '${Version}' postgresql-15-pgaudit | sed 's/-.*//'
# Command: sh tools/pgaudit.sh
set -eu
psql=/usr/lib/postgresql/15/bin/psql
runuser -u postgres -- $psql -XAtq -h "$APP_SOCKET" -U postgres -c "CREATE EXTENSION pgaudit; ALTER DATABASE $PGDATABASE SET pgaudit.log = 'all'; ALTER DATABASE $PGDATABASE SET pgaudit.log_relation = on"

# step NAME ACTOR SQL: a transaction of the actor
step() {
	begin="SELECT contact_guard.act_as('$2') \\g /dev/null"
	[ "$2" != pool ] || begin=
	{ [ "$2" != m.dupont ] || begin="SELECT contact_guard.act_as('$2', role => 'dispatcher') \\g /dev/null"; }
	echo "$1 $2" $(printf 'BEGIN;\n%s\n%s;\nCOMMIT;\n' "$begin" "$3" | $psql -XAtqF= -v ON_ERROR_STOP=1)
}
step list anna "SELECT id, phone FROM customer ORDER BY id LIMIT 5"
step detail anna "SELECT id, phone FROM customer WHERE id = 1"
step update anna "UPDATE customer SET city = 'Paris', phone = phone WHERE id = 2 RETURNING id, phone"
step search anna "SELECT id, phone FROM customer WHERE phone = '0639980001'"
step missed anna "SELECT id, phone FROM customer WHERE phone = '0639980007'"
step forgotten pool "SELECT id, phone FROM customer WHERE id <= 3 ORDER BY id"
step found m.dupont "SELECT id, phone FROM customer WHERE phone = '0639980007'"
step plan m.dupont "SELECT id, phone FROM customer WHERE id IN (8, 9) ORDER BY id"
grep -q 'AUDIT: SESSION.*READ,SELECT,TABLE,public.customer' "$APP_SOCKET/server.log" || { echo 'pgaudit has logged no read' >&2; exit 1; }
