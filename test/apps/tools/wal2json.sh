#!/bin/sh
# Tool: wal2json
# Packages: postgresql-15-wal2json
# Version: dpkg-query -W -f '${Version}' postgresql-15-wal2json | sed 's/-.*//'
# With: `filter-tables` = `contact_guard.*`: the extension's own tables would be among the changes
# Command: sh tools/wal2json.sh
set -eu
psql="/usr/lib/postgresql/15/bin/psql -XAtq -v ON_ERROR_STOP=1"
boss() {
	runuser -u postgres -- $psql -h "$APP_SOCKET" -U postgres "$@"
}
boss -c "SELECT pg_create_logical_replication_slot('wal2json', 'wal2json')" >/dev/null
trap "runuser -u postgres -- $psql -h '$APP_SOCKET' -U postgres -c \"SELECT pg_drop_replication_slot('wal2json')\" >/dev/null" EXIT
as_anna() {
	printf 'BEGIN;\n%s\n%s;\nCOMMIT;\n' "SELECT contact_guard.act_as('anna') \\g /dev/null" "$1" | $psql -F=
}
echo 'list anna' $(as_anna 'SELECT id, phone FROM customer ORDER BY id LIMIT 5')
echo 'update anna' $(as_anna "UPDATE customer SET city = 'Paris', phone = phone WHERE id = 2 RETURNING id, phone")
echo 'made anna' $(as_anna "INSERT INTO customer (name, phone, city) VALUES ('New', '0639980031', 'Lyon') RETURNING id, phone")
boss -c 'SELECT contact_guard.sync()' >/dev/null
echo 'decoded postgres' $(boss -c "SELECT (data::json->>'schema') || '.' || (data::json->>'table') || ':' || (data::json->>'action')
	FROM pg_logical_slot_get_changes('wal2json', NULL, NULL, 'format-version', '2', 'include-transaction', 'false',
		'filter-tables', 'contact_guard.*') GROUP BY 1 ORDER BY 1")
