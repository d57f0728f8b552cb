#!/bin/bash
# right: the subscription's copy fails with an error; nothing masked is stored
# conf: wal_level = logical
# shows: masks stored: 0\n
# log: ERROR:  .*(withheld|masks?|guarded)
# logical replication's initial copy: masks must not be stored in the subscriber without an error
psql -X -q -d postgres -c "CREATE ROLE repl LOGIN REPLICATION" -c "CREATE DATABASE sub"
psql -X -q -d crm -c "GRANT USAGE ON SCHEMA crm TO repl; GRANT SELECT ON ALL TABLES IN SCHEMA crm TO repl" -c "CREATE PUBLICATION pub FOR TABLE crm.customer" -c "SELECT pg_create_logical_replication_slot('s','pgoutput')"
psql -X -q -d sub -c "CREATE SCHEMA crm; CREATE TABLE crm.customer (id bigint PRIMARY KEY, name text NOT NULL, phone text, email text)" \
  -c "CREATE SUBSCRIPTION s CONNECTION 'host=$PGHOST port=$PGPORT dbname=crm user=repl' PUBLICATION pub WITH (create_slot=false, slot_name='s')"
sleep 6
psql -X -d sub -Atc "SELECT 'masks stored: ' || count(*) FROM crm.customer WHERE phone = 'WITHHELD'"
psql -X -q -d sub -c "ALTER SUBSCRIPTION s DISABLE" -c "ALTER SUBSCRIPTION s SET (slot_name=NONE)" -c "DROP SUBSCRIPTION s"
psql -X -q -d crm -c "SELECT pg_drop_replication_slot('s')"
