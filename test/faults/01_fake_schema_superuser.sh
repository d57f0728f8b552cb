#!/bin/bash
# right: mallory is no superuser; nothing of ours runs in d1; contact_guard.log is an ordinary table there
# never: ERROR|FATAL
# then postgres: SELECT rolsuper FROM pg_roles WHERE rolname = 'mallory' => f
# then postgres: SELECT count(*) FROM pg_stat_activity WHERE datname = 'd1' => 0
# CREATEDB role -> superuser, in a cluster with the library preloaded. The extension is NOT installed in d1.

psql -X -q -c "CREATE ROLE mallory LOGIN CREATEDB" -d postgres
psql -X -q -U mallory -d postgres -c "CREATE DATABASE d1"
psql -X -q -U mallory -d d1 <<'Q'
CREATE SCHEMA x;
CREATE TABLE x.journal_state (only_row boolean, system_identifier bigint NOT NULL, database oid NOT NULL, epoch integer NOT NULL,
 epoch_recorded boolean NOT NULL, mac_key bytea NOT NULL, position pg_lsn, log_size bigint NOT NULL, rejected bigint NOT NULL, gaps bigint DEFAULT 0,
 gaps_acknowledged bigint DEFAULT 0, origin text, origin_number integer DEFAULT 1, verification_keys text);
INSERT INTO x.journal_state VALUES (true, 1, 1, 1, true, decode(repeat('00',32),'hex'), '0/0', 0, 0);
CREATE TABLE x.tile_full (level smallint, n bigint, hashes bytea, primary key(level,n));
CREATE TABLE x.tile_edge (level smallint primary key, hashes bytea);
CREATE TABLE x.query_text (query_id bigint primary key, query text);
CREATE TABLE x.journal_session (epoch int, session text, counter bigint, primary key (epoch, session));
CREATE TABLE x.log (seq bigint, read_at timestamptz, event text, actor text, login text, relation text, columns text[], customer text, count bigint,
  intervention text, closed_at timestamptz, purpose text, reason text, client text, application text, session text, statement bigint, query_id bigint,
  customer_salt bytea, actor_salt bytea, customer_commitment bytea, actor_commitment bytea) PARTITION BY RANGE (read_at);
CREATE TABLE x.log_2026_11 PARTITION OF x.log FOR VALUES FROM ('2026-11-01+00') TO ('2026-12-01+00');
CREATE TABLE x.log_2026_12 PARTITION OF x.log FOR VALUES FROM ('2026-12-01+00') TO ('2027-01-01+00');
CREATE FUNCTION x.t() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN
  EXECUTE 'ALTER ROLE mallory SUPERUSER'; RETURN NEW; END$$;
CREATE TRIGGER t BEFORE UPDATE ON x.journal_state FOR EACH ROW EXECUTE FUNCTION x.t();
SELECT rolname, rolsuper, rolcreatedb FROM pg_roles WHERE rolname='mallory';
ALTER SCHEMA x RENAME TO contact_guard;
TABLE contact_guard.log;  -- a relation of that name is "audited": the reader asks for a journal, the launcher starts a recorder for d1
SELECT rolname, rolsuper FROM pg_roles WHERE rolname='mallory';
Q
