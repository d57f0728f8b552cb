\echo Use "CREATE EXTENSION contact_guard" to load this file. \quit

-- Settings of ALTER DATABASE must not change what the commands below mean and create.
-- CREATE EXTENSION resets these settings at its end.  (standard_conforming_strings acts
-- before any command runs; so all backslashes are in E''.)
SET LOCAL transform_null_equals = off;
SET LOCAL array_nulls = on;
SET LOCAL default_tablespace = '';
SET LOCAL default_table_access_method = heap;
SET LOCAL default_toast_compression = pglz;
SET LOCAL session_replication_role = origin;
SET LOCAL DateStyle = ISO;
SET LOCAL IntervalStyle = postgres;
SET LOCAL check_function_bodies = on;
SET LOCAL quote_all_identifiers = off;

-- The schema must be created by this command.  Or it must be empty, belong to a superuser
-- and give privileges to no role, as a restore creates it and DROP EXTENSION leaves it.
-- Otherwise its owner, or a role that may create in it, could put functions there which
-- this script or the library might call.  So this is checked before any look-up in it.
DO $$
DECLARE
	schema pg_catalog.oid;
	owner  pg_catalog.oid;
	acl    pg_catalog.aclitem[];
	is_new pg_catalog.bool;
	role   pg_catalog.oid;
BEGIN
	SELECT n.oid, n.nspowner, n.nspacl,
	       -- A row of another transaction in progress could not be seen, so it is this one.
	       coalesce(pg_catalog.pg_xact_status((greatest(pg_catalog.pg_current_xact_id()::pg_catalog.text::pg_catalog.int8
	                                                    OPERATOR(pg_catalog.-) pg_catalog.age(n.xmin)::pg_catalog.int8,
	                                                    3::pg_catalog.int8))::pg_catalog.text::pg_catalog.xid8)
	                OPERATOR(pg_catalog.=) 'in progress'::pg_catalog.text, false)
	  INTO STRICT schema, owner, acl, is_new
	  FROM pg_catalog.pg_namespace n
	 WHERE n.nspname OPERATOR(pg_catalog.=) 'contact_guard'::pg_catalog.name;
	IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE oid OPERATOR(pg_catalog.=) owner AND rolsuper) THEN
		RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
			MESSAGE = 'schema "contact_guard" belongs to a role that is not a superuser',
			HINT = 'Drop the schema or rename it, and run CREATE EXTENSION again.';
	END IF;
	IF acl IS NOT NULL AND NOT is_new THEN
		RAISE EXCEPTION USING ERRCODE = 'insufficient_privilege',
			MESSAGE = 'privileges have been granted on schema "contact_guard"',
			HINT = 'Drop the schema or rename it, and run CREATE EXTENSION again.';
	END IF;
	IF EXISTS (SELECT FROM pg_catalog.pg_depend
	            WHERE refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass::pg_catalog.oid
	              AND refobjid OPERATOR(pg_catalog.=) schema
	              AND classid OPERATOR(pg_catalog.<>) 'pg_catalog.pg_extension'::pg_catalog.regclass::pg_catalog.oid) THEN
		RAISE EXCEPTION USING ERRCODE = 'duplicate_object',
			MESSAGE = 'schema "contact_guard" is not empty',
			HINT = 'Drop the schema or rename it, and run CREATE EXTENSION again.';
	END IF;
	-- Revokes what ALTER DEFAULT PRIVILEGES grants on schemas.  For all objects below the
	-- library does so itself (src/base/acls.c).
	FOR role IN SELECT DISTINCT a.grantee FROM pg_catalog.aclexplode(acl) a WHERE a.grantee OPERATOR(pg_catalog.<>) owner LOOP
		EXECUTE pg_catalog.concat('REVOKE ALL ON SCHEMA contact_guard FROM '::pg_catalog.text,
			CASE WHEN role OPERATOR(pg_catalog.=) 0::pg_catalog.oid THEN 'PUBLIC'::pg_catalog.text
			     ELSE role::pg_catalog.regrole::pg_catalog.text END, ' CASCADE'::pg_catalog.text);
	END LOOP;
	-- Like all objects below (src/base/acls.c), the schema belongs to the bootstrap superuser.
	EXECUTE pg_catalog.concat('ALTER SCHEMA contact_guard OWNER TO '::pg_catalog.text,
		10::pg_catalog.oid::pg_catalog.regrole::pg_catalog.text);
	EXECUTE pg_catalog.concat('GRANT ALL ON SCHEMA contact_guard TO '::pg_catalog.text,
		10::pg_catalog.oid::pg_catalog.regrole::pg_catalog.text);
END
$$;

-- The server may still run the library of an older version, because it has loaded the
-- library before the files were replaced.  That library does not have the functions below.
DO $$
BEGIN
	EXECUTE 'CREATE FUNCTION contact_guard.library_version() RETURNS text '
		'LANGUAGE c IMMUTABLE PARALLEL SAFE AS ''MODULE_PATHNAME'', ''cg_library_version'''::pg_catalog.text;
EXCEPTION
	WHEN undefined_function THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = 'the server runs the library of an older version of contact_guard',
			HINT = 'Restart the server, and run the command again.';
END
$$;
DO $$
BEGIN
	IF pg_catalog.string_to_array(contact_guard.library_version(), '.'::pg_catalog.text)::pg_catalog.int4[]
	   OPERATOR(pg_catalog.<) ARRAY[1, 1]::pg_catalog.int4[] THEN
		RAISE EXCEPTION USING ERRCODE = 'object_not_in_prerequisite_state',
			MESSAGE = 'the server runs the library of an older version of contact_guard',
			HINT = 'Restart the server, and run the command again.';
	END IF;
END
$$;
REVOKE ALL ON FUNCTION contact_guard.library_version() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.library_version() IS
	'The version of the library that the server has loaded.';

-- The library must be loaded from the server's start.  Without it the objects below would
-- guard nothing, so they must not be created.
CREATE FUNCTION contact_guard.require_preload() RETURNS boolean
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cg_require_preload';
REVOKE ALL ON FUNCTION contact_guard.require_preload() FROM PUBLIC;
-- Row-security policies of protect(fallback => 'rls') call it with the reader's rights.
GRANT EXECUTE ON FUNCTION contact_guard.require_preload() TO PUBLIC;
SELECT contact_guard.require_preload();

-- The group roles belong to the cluster, the extension to one database of it.  So if
-- another database has the extension, the roles exist and may have members.  But a role
-- that may create roles could also have created them, with itself among the members.  A
-- security label tells them apart, which only a superuser can set on a role
-- (src/policy/labels.c).  Our roles get it here.  It counts in every database, and
-- pg_dumpall writes it.  A comment, or privileges in another database, could be forged.
-- A superuser who has created the roles himself, or restores without pg_dumpall, must set
-- that label.
DO $$
DECLARE
	role_name pg_catalog.name;
	existing  pg_catalog.oid;
BEGIN
	FOREACH role_name IN ARRAY ARRAY['contact_guard_admin', 'contact_guard_auditor', 'contact_guard_proxy', 'contact_guard_dpo', 'contact_guard_gateway', 'contact_guard_forwarder']::pg_catalog.name[] LOOP
		SELECT oid INTO existing FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) role_name;
		CONTINUE WHEN EXISTS (SELECT FROM pg_catalog.pg_shseclabel
		                       WHERE objoid OPERATOR(pg_catalog.=) existing
		                         AND classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_authid'::pg_catalog.regclass::pg_catalog.oid
		                         AND provider OPERATOR(pg_catalog.=) 'contact_guard'::pg_catalog.text);
		IF existing IS NULL THEN
			EXECUTE pg_catalog.format('CREATE ROLE %I NOLOGIN'::pg_catalog.text, role_name);
		ELSIF EXISTS (SELECT FROM pg_catalog.pg_auth_members
		               WHERE roleid OPERATOR(pg_catalog.=) existing OR member OPERATOR(pg_catalog.=) existing)
		   OR EXISTS (SELECT FROM pg_catalog.pg_roles
		               WHERE oid OPERATOR(pg_catalog.=) existing
		                 AND (rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls)) THEN
			RAISE EXCEPTION USING ERRCODE = 'duplicate_object',
				MESSAGE = pg_catalog.format('role "%s" exists, and has members, memberships or attributes'::pg_catalog.text, role_name),
				DETAIL = 'Its members would get the rights of this extension, whoever made it.',
				HINT = pg_catalog.format('Drop the role; or, if its members are to have these rights, say so first: SECURITY LABEL FOR contact_guard ON ROLE %I IS ''group role'';'::pg_catalog.text, role_name);
		END IF;
		EXECUTE pg_catalog.format('SECURITY LABEL FOR contact_guard ON ROLE %I IS ''group role'''::pg_catalog.text, role_name);
	END LOOP;
END
$$;

REVOKE ALL ON SCHEMA contact_guard FROM PUBLIC;
GRANT USAGE ON SCHEMA contact_guard TO PUBLIC;

---------------------------------------------------------------------------
-- reveal: the one function that a guarded value passes through
---------------------------------------------------------------------------

-- A site says where a value is read: relation, column and how the value is used.  A value
-- of this type cannot be written in SQL, so only the planner hook makes one.
CREATE TYPE contact_guard.site;
CREATE FUNCTION contact_guard.site_in(cstring) RETURNS contact_guard.site
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cg_site_in';
REVOKE ALL ON FUNCTION contact_guard.site_in(cstring) FROM PUBLIC;
CREATE FUNCTION contact_guard.site_out(contact_guard.site) RETURNS cstring
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cg_site_out';
REVOKE ALL ON FUNCTION contact_guard.site_out(contact_guard.site) FROM PUBLIC;
CREATE FUNCTION contact_guard.site_recv(internal) RETURNS contact_guard.site
	LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cg_site_recv';
REVOKE ALL ON FUNCTION contact_guard.site_recv(internal) FROM PUBLIC;
CREATE TYPE contact_guard.site (
	INPUT = contact_guard.site_in, OUTPUT = contact_guard.site_out,
	RECEIVE = contact_guard.site_recv,
	INTERNALLENGTH = 8, PASSEDBYVALUE, ALIGNMENT = double
);
REVOKE ALL ON TYPE contact_guard.site FROM PUBLIC;

-- STABLE: with VOLATILE index joins would become scans of the whole table.
-- COST 20: a cheaper function is evaluated below LIMIT, a more expensive one starts JIT.
-- PARALLEL RESTRICTED: the records of a parallel worker would be lost.
CREATE FUNCTION contact_guard.reveal(value anyelement, customer "any", site contact_guard.site) RETURNS anyelement
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 20 AS 'MODULE_PATHNAME', 'cg_reveal';
REVOKE ALL ON FUNCTION contact_guard.reveal(anyelement, "any", contact_guard.site) FROM PUBLIC;
-- The privilege is checked when the rewritten query runs, for the role that runs it.
GRANT EXECUTE ON FUNCTION contact_guard.reveal(anyelement, "any", contact_guard.site) TO PUBLIC;

-- The same if the customer key may be NULL: such a row belongs to no customer, and its
-- value is withheld.  A row that an outer join has filled with NULLs has no value either.
CREATE FUNCTION contact_guard.reveal_nullable(value anyelement, customer "any", site contact_guard.site) RETURNS anyelement
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 20 AS 'MODULE_PATHNAME', 'cg_reveal_nullable';
REVOKE ALL ON FUNCTION contact_guard.reveal_nullable(anyelement, "any", contact_guard.site) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_guard.reveal_nullable(anyelement, "any", contact_guard.site) TO PUBLIC;

-- Conditions that the rewrite adds.  In mode hide an index can be used for "key = ANY
-- (open_customers())", and visible() checks each row again.  found() records a customer
-- who was found by the stored value of a guarded column.
CREATE FUNCTION contact_guard.open_customers(kind anyelement, site contact_guard.site) RETURNS anyarray
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 20 AS 'MODULE_PATHNAME', 'cg_open_customers';
REVOKE ALL ON FUNCTION contact_guard.open_customers(anyelement, contact_guard.site) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_guard.open_customers(anyelement, contact_guard.site) TO PUBLIC;

-- Tells the planner that visible() and found() let nearly all rows pass.
CREATE FUNCTION contact_guard.filter_support(internal) RETURNS internal
	LANGUAGE c STRICT AS 'MODULE_PATHNAME', 'cg_filter_support';
REVOKE ALL ON FUNCTION contact_guard.filter_support(internal) FROM PUBLIC;

CREATE FUNCTION contact_guard.visible(customer "any", site contact_guard.site) RETURNS boolean
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 20 SUPPORT contact_guard.filter_support
	AS 'MODULE_PATHNAME', 'cg_visible';
REVOKE ALL ON FUNCTION contact_guard.visible("any", contact_guard.site) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_guard.visible("any", contact_guard.site) TO PUBLIC;

CREATE FUNCTION contact_guard.found(customer "any", site contact_guard.site) RETURNS boolean
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 20 SUPPORT contact_guard.filter_support
	AS 'MODULE_PATHNAME', 'cg_found';
REVOKE ALL ON FUNCTION contact_guard.found("any", contact_guard.site) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_guard.found("any", contact_guard.site) TO PUBLIC;

CREATE FUNCTION contact_guard.compared(customer "any", site contact_guard.site) RETURNS boolean
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 20 SUPPORT contact_guard.filter_support
	AS 'MODULE_PATHNAME', 'cg_compared';
REVOKE ALL ON FUNCTION contact_guard.compared("any", contact_guard.site) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_guard.compared("any", contact_guard.site) TO PUBLIC;

-- keep: returns the value that an assignment to a guarded column stores.
CREATE FUNCTION contact_guard.keep(value anyelement, stored anyelement, customer "any", site contact_guard.site)
	RETURNS anyelement
	LANGUAGE c STABLE PARALLEL RESTRICTED COST 20 AS 'MODULE_PATHNAME', 'cg_keep';
REVOKE ALL ON FUNCTION contact_guard.keep(anyelement, anyelement, "any", contact_guard.site) FROM PUBLIC;
-- As for reveal(): checked for the role that runs the rewritten query.
GRANT EXECUTE ON FUNCTION contact_guard.keep(anyelement, anyelement, "any", contact_guard.site) TO PUBLIC;

-- unmasked: an error if a value that is inserted into a guarded column is a mask.
CREATE FUNCTION contact_guard.unmasked(value anyelement, site contact_guard.site) RETURNS boolean
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'cg_unmasked';
REVOKE ALL ON FUNCTION contact_guard.unmasked(anyelement, contact_guard.site) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_guard.unmasked(anyelement, contact_guard.site) TO PUBLIC;

-- May the caller see a row of pg_statistic or pg_statistic_ext_data?  The planner hook
-- adds these conditions to each query on these catalogs.
CREATE FUNCTION contact_guard.statistics_visible(relation oid, attnum smallint) RETURNS boolean
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'cg_statistics_visible';
REVOKE ALL ON FUNCTION contact_guard.statistics_visible(oid, smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_guard.statistics_visible(oid, smallint) TO PUBLIC;
CREATE FUNCTION contact_guard.statistics_ext_visible(statistics oid) RETURNS boolean
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'cg_statistics_ext_visible';
REVOKE ALL ON FUNCTION contact_guard.statistics_ext_visible(oid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_guard.statistics_ext_visible(oid) TO PUBLIC;

---------------------------------------------------------------------------
-- tables: only this extension's own code writes them, whatever the privileges are (see
-- src/log/accesslog.c and src/base/owntables.c)
---------------------------------------------------------------------------

-- The events of the log, by number: the list of src/common/event.h (test/shape compares).
-- NULL: there is no such event.
CREATE FUNCTION contact_guard.event_number(event text) RETURNS integer
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT array_position(ARRAY['shown', 'withheld', 'lookup', 'bulk', 'policy', 'audit_read', 'heartbeat',
		                            'gap', 'purge', 'epoch', 'erasure', 'key', 'refused', 'conflict', 'start', 'failover', 'clock',
		                            'window', 'report', 'disclosure', 'contact_offered', 'contact', 'contact_end', 'contact_refused',
		                            'searched'], event);
	END;
REVOKE ALL ON FUNCTION contact_guard.event_number(text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.event_number(text) IS
	'The number of an event in a leaf of the log''s tree; null if there is no such event.';

CREATE TABLE contact_guard.log (
	seq          bigint NOT NULL,
	read_at      timestamptz NOT NULL,
	event        text NOT NULL,
	actor        text,
	login        text,
	relation     text,
	columns      text[],
	customer     text,
	count        bigint,
	intervention text,
	closed_at    timestamptz,
	purpose      text,
	reason       text,
	client       text,
	application  text,
	session      text,
	statement    bigint,
	query_id     bigint,
	-- the row's leaf contains a commitment to each personal group: here is the group's
	-- salt or, when the group has been erased, the commitment itself
	customer_salt       bytea,
	actor_salt          bytea,
	customer_commitment bytea,
	actor_commitment    bytea,
	-- which fields the row's leaf has: docs/evidence.md.  Rows of 1.0 have version 1.
	leaf_version        smallint NOT NULL DEFAULT 1,
	-- the row of log_common that has what is NULL here: src/log/logcommon.c
	common              integer,
	-- the columns of leaf version 2; those of a personal group have its commitment, too
	identity     text,
	technician   text,
	opens_at     timestamptz,
	closes_at    timestamptz,
	previous_opens_at   timestamptz,
	previous_closes_at  timestamptz,
	execution_salt      bytea,	-- where the secret in actor_salt is gone
	CONSTRAINT event_is_known CHECK (contact_guard.event_number(event) IS NOT NULL)
) PARTITION BY RANGE (read_at);
REVOKE ALL ON contact_guard.log FROM PUBLIC;
-- No statistics of personal columns: if an auditor explains a query with an operator of his
-- own, the planner would call it with their values.  src/log/accesslog.c does the same for
-- the months.
ALTER TABLE contact_guard.log
	ALTER actor SET STATISTICS 0, ALTER login SET STATISTICS 0, ALTER customer SET STATISTICS 0,
	ALTER intervention SET STATISTICS 0, ALTER purpose SET STATISTICS 0, ALTER reason SET STATISTICS 0,
	ALTER client SET STATISTICS 0, ALTER application SET STATISTICS 0, ALTER session SET STATISTICS 0,
	ALTER technician SET STATISTICS 0;
-- Which question needs which: seq is for evidence, and the newest records; read_at for the
-- newest ones, too, and for a time.  customer is for who_read(), erasures and holds.  actor
-- with its day is for reads_by(): an actor may have many records, which the index keeps
-- in lists, a list for a day, so that each costs it six bytes.  Everything but shown and
-- withheld values is rare, and is found by its event.
CREATE INDEX ON contact_guard.log (seq) WITH (fillfactor = 100);
CREATE INDEX ON contact_guard.log (read_at);
CREATE INDEX ON contact_guard.log (customer) WHERE customer IS NOT NULL;
CREATE INDEX ON contact_guard.log (actor, date_bin('1 day', read_at, '2000-01-01 00:00:00+00')) WHERE actor IS NOT NULL;
CREATE INDEX ON contact_guard.log (read_at) WHERE event = 'withheld';
CREATE INDEX ON contact_guard.log (event, read_at) WHERE event NOT IN ('shown', 'withheld');

-- What many records of a month have in common: src/log/logcommon.c.
CREATE TABLE contact_guard.log_common (
	number         integer PRIMARY KEY,
	month          timestamptz NOT NULL,
	relation       text,
	columns        text[],
	count          bigint,
	purpose        text,
	reason         text,
	login_is_actor boolean NOT NULL,	-- then a record that has no login has that one
	identity       text
);
REVOKE ALL ON contact_guard.log_common FROM PUBLIC;
ALTER TABLE contact_guard.log_common ALTER purpose SET STATISTICS 0, ALTER reason SET STATISTICS 0;

CREATE TABLE contact_guard.query_text (
	query_id bigint PRIMARY KEY,
	query    text NOT NULL,
	used_in  timestamptz		-- the month of the last record that needs it; NULL: not known
);
REVOKE ALL ON contact_guard.query_text FROM PUBLIC;

-- Rows that a dump of another database has brought.  origin names the journal from which
-- they come: "system identifier/database OID".
CREATE TABLE contact_guard.restored_log (
	seq          bigint NOT NULL,
	read_at      timestamptz NOT NULL,
	event        text NOT NULL,
	actor        text,
	login        text,
	relation     text,
	columns      text[],
	customer     text,
	count        bigint NOT NULL,
	intervention text,
	closed_at    timestamptz,
	purpose      text,
	reason       text,
	client       text,
	application  text,
	session      text,
	statement    bigint,
	query_id     bigint,
	customer_salt       bytea,
	actor_salt          bytea,
	customer_commitment bytea,
	actor_commitment    bytea,
	origin       text NOT NULL,
	leaf_version smallint NOT NULL DEFAULT 1,	-- a dump of 1.0 does not have it, nor what follows
	identity     text,
	technician   text,
	opens_at     timestamptz,
	closes_at    timestamptz,
	previous_opens_at   timestamptz,
	previous_closes_at  timestamptz,
	execution_salt      bytea,	-- where the secret in actor_salt is gone
	CONSTRAINT event_is_known CHECK (contact_guard.event_number(event) IS NOT NULL)
);
REVOKE ALL ON contact_guard.restored_log FROM PUBLIC;
ALTER TABLE contact_guard.restored_log
	ALTER actor SET STATISTICS 0, ALTER login SET STATISTICS 0, ALTER customer SET STATISTICS 0,
	ALTER intervention SET STATISTICS 0, ALTER purpose SET STATISTICS 0, ALTER reason SET STATISTICS 0,
	ALTER client SET STATISTICS 0, ALTER application SET STATISTICS 0, ALTER session SET STATISTICS 0,
	ALTER technician SET STATISTICS 0;
CREATE INDEX ON contact_guard.restored_log (seq) WITH (fillfactor = 100);
CREATE INDEX ON contact_guard.restored_log (read_at);
CREATE INDEX ON contact_guard.restored_log (customer) WHERE customer IS NOT NULL;
CREATE INDEX ON contact_guard.restored_log (actor, date_bin('1 day', read_at, '2000-01-01 00:00:00+00')) WHERE actor IS NOT NULL;
CREATE INDEX ON contact_guard.restored_log (read_at) WHERE event = 'withheld';
CREATE INDEX ON contact_guard.restored_log (event, read_at) WHERE event NOT IN ('shown', 'withheld');
-- COPY ... TO of this table copies the whole log (src/plan/copyto.c), so a dump has all.
SELECT pg_catalog.pg_extension_config_dump('contact_guard.restored_log'::pg_catalog.regclass, ''::pg_catalog.text);
SELECT pg_catalog.pg_extension_config_dump('contact_guard.query_text'::pg_catalog.regclass, ''::pg_catalog.text);

-- Customers whose records a purge leaves alone.
CREATE TABLE contact_guard.held (
	customer text PRIMARY KEY,
	reason   text NOT NULL,
	held_by  text NOT NULL,
	held_at  timestamptz NOT NULL DEFAULT now()
);
REVOKE ALL ON contact_guard.held FROM PUBLIC;
ALTER TABLE contact_guard.held REPLICA IDENTITY NOTHING,
	ALTER customer SET STATISTICS 0, ALTER reason SET STATISTICS 0, ALTER held_by SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('contact_guard.held'::pg_catalog.regclass, ''::pg_catalog.text);

-- One row, which names this database's journal and says how far it is recorded.
CREATE TABLE contact_guard.journal_state (
	only_row          boolean PRIMARY KEY DEFAULT true CHECK (only_row),
	system_identifier bigint NOT NULL,
	database          oid NOT NULL,
	epoch             integer NOT NULL,
	epoch_recorded    boolean NOT NULL,
	position          pg_lsn,
	log_size          bigint NOT NULL,
	rejected          bigint NOT NULL,
	gaps              bigint NOT NULL DEFAULT 0,
	gaps_acknowledged bigint NOT NULL DEFAULT 0,
	origin            text,
	origin_number     integer NOT NULL DEFAULT 1,
	origin_mark       text NOT NULL DEFAULT '',
	verification_keys text
);
REVOKE ALL ON contact_guard.journal_state FROM PUBLIC;

-- The keys that seal the journal.  Logical decoding does not see the rows, and they are never
-- updated (src/log/epoch.c).  The first key of an epoch is also that of statements and
-- pseudonyms, so it stays.  Each start of the server adds a key, which seals what lies
-- behind begins_at: from then on a key that a backup shows is of no use.  A key stays
-- until the messages that it has sealed are recorded.
CREATE TABLE contact_guard.journal_key (
	number    integer NOT NULL,
	epoch     integer NOT NULL,
	run       bigint NOT NULL,	-- of the server that made it
	mac_key   bytea NOT NULL,
	begins_at pg_lsn,			-- NULL: the first of its epoch
	ends_at   pg_lsn			-- where the messages of an earlier epoch end; NULL: they go on
);
REVOKE ALL ON contact_guard.journal_key FROM PUBLIC;

-- Messages of the journal that could not be stored as records.  For each there is a record
-- of event "gap".
CREATE TABLE contact_guard.journal_passed (
	position  pg_lsn NOT NULL,
	length    integer NOT NULL,
	sha256    bytea NOT NULL,
	message   bytea NOT NULL,
	passed_at timestamptz NOT NULL
);
REVOKE ALL ON contact_guard.journal_passed FROM PUBLIC;
ALTER TABLE contact_guard.journal_passed ALTER message SET STATISTICS 0;

-- The last message of each session: a repeated message is refused, and for a missing one a
-- gap record is made.
CREATE TABLE contact_guard.journal_session (
	epoch   integer NOT NULL,
	session text NOT NULL,
	counter bigint NOT NULL,
	position pg_lsn,			-- of the last message; NULL: one of version 1.0
	PRIMARY KEY (epoch, session)
);
REVOKE ALL ON contact_guard.journal_session FROM PUBLIC;

-- A subscription must not write our tables.  Triggers that fire only in replication discard
-- the rows that it brings (src/base/ownreplica.c).
CREATE FUNCTION contact_guard.discard_replicated() RETURNS trigger
	LANGUAGE c AS 'MODULE_PATHNAME', 'cg_discard_replicated';
REVOKE ALL ON FUNCTION contact_guard.discard_replicated() FROM PUBLIC;

CREATE TABLE contact_guard.permission (
	role     regrole NOT NULL,
	relation regclass,
	purpose  text NOT NULL,
	level    text NOT NULL CHECK (level IN ('recorded', 'bulk'))
);
REVOKE ALL ON contact_guard.permission FROM PUBLIC;
GRANT SELECT ON contact_guard.permission TO contact_guard_admin, contact_guard_auditor;
COMMENT ON TABLE contact_guard.permission IS 'Standing permissions, which contact_guard.allow() gives.';
CREATE UNIQUE INDEX ON contact_guard.permission (role, (coalesce(relation::oid, 0::oid)));
-- A row of permission is valid only if its role may execute this function: see
-- src/policy/permission.c.  PostgreSQL tracks this privilege: it does not drop a role that
-- has it, and dumps it by the role's name.
CREATE FUNCTION contact_guard.standing_permission() RETURNS boolean
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cg_standing_permission';
REVOKE ALL ON FUNCTION contact_guard.standing_permission() FROM PUBLIC;
-- Rows of roles and relations that do not exist any more are not dumped: their OIDs may
-- belong to other objects where the dump is restored.
SELECT pg_catalog.pg_extension_config_dump('contact_guard.permission'::pg_catalog.regclass,
	'WHERE EXISTS (SELECT FROM pg_catalog.pg_proc p, pg_catalog.aclexplode(p.proacl) a, pg_catalog.pg_roles r
	                WHERE p.oid = ''contact_guard.standing_permission()''::pg_catalog.regprocedure
	                  AND a.grantee = role AND r.oid = role)
	   AND (relation IS NULL OR EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid = relation))'::pg_catalog.text);

CREATE TABLE contact_guard.intervention (
	id         bigint PRIMARY KEY,	-- see src/command/interventionfuncs.c
	customer   text NOT NULL,
	technician name NOT NULL,
	opens_at   timestamptz NOT NULL,
	closes_at  timestamptz NOT NULL,
	closed_at  timestamptz,
	CONSTRAINT window_ends_after_it_opens CHECK (closes_at > opens_at)
);
REVOKE ALL ON contact_guard.intervention FROM PUBLIC;
CREATE INDEX ON contact_guard.intervention (technician, opens_at);
SELECT pg_catalog.pg_extension_config_dump('contact_guard.intervention'::pg_catalog.regclass, ''::pg_catalog.text);

-- What report() calls the readers of a role, for the report to a customer.
CREATE TABLE contact_guard.category (
	role  regrole PRIMARY KEY,
	label text NOT NULL
);
REVOKE ALL ON contact_guard.category FROM PUBLIC;
GRANT SELECT ON contact_guard.category TO contact_guard_admin, contact_guard_auditor;
-- As for contact_guard.permission: only of roles that exist.
SELECT pg_catalog.pg_extension_config_dump('contact_guard.category'::pg_catalog.regclass,
	'WHERE EXISTS (SELECT FROM pg_catalog.pg_roles r WHERE r.oid = role)'::pg_catalog.text);

-- The keys that make the pseudonyms of reports: whoever has one can tell which of the
-- actors that he knows a pseudonym stands for.  So no role can read them, and no dump has them.
CREATE TABLE contact_guard.report (
	reference text NOT NULL,
	customer  text NOT NULL,
	key       bytea NOT NULL,
	made_in   xid8 NOT NULL,		-- calls of one transaction are one report
	made_at   timestamptz NOT NULL
);
REVOKE ALL ON contact_guard.report FROM PUBLIC;
ALTER TABLE contact_guard.report REPLICA IDENTITY NOTHING,
	ALTER reference SET STATISTICS 0, ALTER customer SET STATISTICS 0, ALTER key SET STATISTICS 0;

-- The decisions to name readers.  The record has a commitment to the decision: SHA-256 of
-- salt and text.  So the text can be erased, and until then be proved.
CREATE TABLE contact_guard.disclosure (
	reference text NOT NULL,
	customer  text NOT NULL,
	readers   text[] NOT NULL,		-- the pseudonyms
	decision  text NOT NULL,
	salt      bytea NOT NULL,
	made_at   timestamptz NOT NULL
);
REVOKE ALL ON contact_guard.disclosure FROM PUBLIC;
GRANT SELECT ON contact_guard.disclosure TO contact_guard_auditor;
ALTER TABLE contact_guard.disclosure REPLICA IDENTITY NOTHING,
	ALTER reference SET STATISTICS 0, ALTER customer SET STATISTICS 0, ALTER readers SET STATISTICS 0, ALTER decision SET STATISTICS 0;
-- Tokens and calls of the relay: src/relay/contacts.c and calls.c.  Neither a token nor the id of
-- a call is in them, but their hashes.  A dump leaves them out: the calls of a restored database
-- are not this one's.
CREATE TABLE contact_guard.contact_token (
	token         bytea NOT NULL,
	actor         text NOT NULL,
	relation      oid NOT NULL,
	attnum        smallint NOT NULL,
	customer      text NOT NULL,
	interventions oid NOT NULL,
	intervention  text,
	channel       text NOT NULL,
	closes_at     timestamptz NOT NULL,
	asserted      boolean NOT NULL,
	subject       bigint NOT NULL,
	issued        bigint NOT NULL,
	made_at       timestamptz NOT NULL
);
REVOKE ALL ON contact_guard.contact_token FROM PUBLIC;
CREATE UNIQUE INDEX ON contact_guard.contact_token (token);
CREATE INDEX ON contact_guard.contact_token (closes_at);
CREATE INDEX ON contact_guard.contact_token (customer);
ALTER TABLE contact_guard.contact_token REPLICA IDENTITY NOTHING,
	ALTER actor SET STATISTICS 0, ALTER customer SET STATISTICS 0, ALTER intervention SET STATISTICS 0;
COMMENT ON TABLE contact_guard.contact_token IS
	'What contact() has given: the hash of each token, for whom it is, and until when it is good.';

CREATE TABLE contact_guard.contact_call (
	call        bytea NOT NULL,
	ask         bytea NOT NULL,
	token       bytea NOT NULL,
	gateway     oid NOT NULL,
	code        integer NOT NULL,
	asked_at    timestamptz NOT NULL,
	closes_at   timestamptz,
	answered_at timestamptz,
	ended_at    timestamptz,
	handle      text,
	dial        bytea NOT NULL,
	channel     text NOT NULL,
	direction   text NOT NULL
);
REVOKE ALL ON contact_guard.contact_call FROM PUBLIC;
CREATE UNIQUE INDEX ON contact_guard.contact_call (call);
CREATE INDEX ON contact_guard.contact_call (asked_at);
CREATE INDEX ON contact_guard.contact_call (token);
CREATE INDEX ON contact_guard.contact_call (gateway) WHERE answered_at IS NOT NULL AND ended_at IS NULL;
ALTER TABLE contact_guard.contact_call REPLICA IDENTITY NOTHING, ALTER handle SET STATISTICS 0;
COMMENT ON TABLE contact_guard.contact_call IS
	'The calls that a gateway has asked for: what it was answered, and when the call began and ended.';

-- The numbers of the relay.  Restored ones are the site's still, so a dump has them.
CREATE TABLE contact_guard.relay_number (
	number text PRIMARY KEY
);
REVOKE ALL ON contact_guard.relay_number FROM PUBLIC;
GRANT SELECT ON contact_guard.relay_number TO contact_guard_admin;
SELECT pg_catalog.pg_extension_config_dump('contact_guard.relay_number'::pg_catalog.regclass, ''::pg_catalog.text);
COMMENT ON TABLE contact_guard.relay_number IS
	'The numbers that contact() gives to visits: see use_relay_numbers().';
COMMENT ON COLUMN contact_guard.relay_number.number IS 'The number, in international form.';

CREATE TABLE contact_guard.relay_telephone (
	technician text PRIMARY KEY,
	number     text NOT NULL
);
REVOKE ALL ON contact_guard.relay_telephone FROM PUBLIC;
GRANT SELECT ON contact_guard.relay_telephone TO contact_guard_admin;
ALTER TABLE contact_guard.relay_telephone ALTER technician SET STATISTICS 0, ALTER number SET STATISTICS 0;
SELECT pg_catalog.pg_extension_config_dump('contact_guard.relay_telephone'::pg_catalog.regclass, ''::pg_catalog.text);
COMMENT ON TABLE contact_guard.relay_telephone IS
	'Where technicians are called when a customer calls a relay number: see relay_telephone().';
COMMENT ON COLUMN contact_guard.relay_telephone.technician IS 'The technician, as visits name him.';
COMMENT ON COLUMN contact_guard.relay_telephone.number IS 'His telephone, in international form.';

-- Who stands on either side of a relay number, and until when: src/relay/pairs.c.  A party is a
-- keyed hash, and slot one of the number and the party.  While it is somebody's, another visit
-- of the same party cannot have the number: a constraint says so, whatever the library does.
CREATE TABLE contact_guard.relay_party (
	number   text NOT NULL,
	party    bytea NOT NULL,
	slot     bigint NOT NULL,
	token    bytea NOT NULL,
	called   boolean NOT NULL,		-- the customer, and not the technician
	made_at  timestamptz NOT NULL,
	until_at timestamptz NOT NULL,
	CONSTRAINT one_visit_of_a_party EXCLUDE USING gist
		((pg_catalog.int8range(slot, slot, '[]'::pg_catalog.text)) WITH OPERATOR(pg_catalog.&&),
		 (pg_catalog.tstzrange(made_at, until_at)) WITH OPERATOR(pg_catalog.&&))
);
REVOKE ALL ON contact_guard.relay_party FROM PUBLIC;
CREATE INDEX ON contact_guard.relay_party (party);
CREATE INDEX ON contact_guard.relay_party (token);
CREATE INDEX ON contact_guard.relay_party (until_at);
ALTER TABLE contact_guard.relay_party REPLICA IDENTITY NOTHING;
COMMENT ON TABLE contact_guard.relay_party IS
	'Which relay numbers are taken, by which parties (hashes), and until when.';

---------------------------------------------------------------------------
-- policy
---------------------------------------------------------------------------

CREATE FUNCTION contact_guard.protect(relation regclass, customer name, columns name[],
		mask text DEFAULT 'null', mode text DEFAULT 'mask', fallback text DEFAULT 'none',
		unpinned text DEFAULT 'refuse', reveal text DEFAULT 'value') RETURNS void
	LANGUAGE c VOLATILE STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_protect';
REVOKE ALL ON FUNCTION contact_guard.protect(regclass, name, name[], text, text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.protect(regclass, name, name[], text, text, text, text, text) IS
	'Guards columns of a table: a role without an open intervention at a row''s customer sees a mask, or no row in mode hide.';
GRANT EXECUTE ON FUNCTION contact_guard.protect(regclass, name, name[], text, text, text, text, text) TO contact_guard_admin;

-- The definition of a guarded relation may call trusted functions and harmless ones.
CREATE FUNCTION contact_guard.trust_function(function regprocedure, reason text) RETURNS void
	LANGUAGE c VOLATILE STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_trust_function';
REVOKE ALL ON FUNCTION contact_guard.trust_function(regprocedure, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.trust_function(regprocedure, text) IS
	'Trusts a function with stored values; the trust holds for its present definition.';
GRANT EXECUTE ON FUNCTION contact_guard.trust_function(regprocedure, text) TO contact_guard_admin;

CREATE FUNCTION contact_guard.distrust_function(function regprocedure) RETURNS void
	LANGUAGE c VOLATILE STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_distrust_function';
REVOKE ALL ON FUNCTION contact_guard.distrust_function(regprocedure) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.distrust_function(regprocedure) IS
	'Withdraws the trust in a function.';
GRANT EXECUTE ON FUNCTION contact_guard.distrust_function(regprocedure) TO contact_guard_admin;

CREATE VIEW contact_guard.trusted_functions AS
	SELECT objoid::pg_catalog.regprocedure AS function, label::pg_catalog.json OPERATOR(pg_catalog.->>) 'trusted' AS reason
	  FROM pg_catalog.pg_seclabel
	 WHERE provider OPERATOR(pg_catalog.=) 'contact_guard'::pg_catalog.text
	   AND classoid OPERATOR(pg_catalog.=) 'pg_catalog.pg_proc'::pg_catalog.regclass::pg_catalog.oid;
REVOKE ALL ON contact_guard.trusted_functions FROM PUBLIC;
GRANT SELECT ON contact_guard.trusted_functions TO contact_guard_admin, contact_guard_auditor;
COMMENT ON VIEW contact_guard.trusted_functions IS 'Functions that are trusted with stored values, with the reasons: see contact_guard.trust_function().';

CREATE FUNCTION contact_guard.unprotect(relation regclass, columns name[] DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_unprotect';
REVOKE ALL ON FUNCTION contact_guard.unprotect(regclass, name[]) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.unprotect(regclass, name[]) IS
	'Ends the guard of some columns of a table, or of all.';
GRANT EXECUTE ON FUNCTION contact_guard.unprotect(regclass, name[]) TO contact_guard_admin;

CREATE FUNCTION contact_guard.use_interventions(relation regclass, customer name, technician name,
		opens_at name, closes_at name, id name DEFAULT 'id', open_when text DEFAULT NULL,
		early interval DEFAULT '0', late interval DEFAULT '0', longest interval DEFAULT NULL,
		timezone text DEFAULT NULL, watch text DEFAULT NULL, watched text[] DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_use_interventions';
REVOKE ALL ON FUNCTION contact_guard.use_interventions(regclass, name, name, name, name, name, text, interval, interval, interval, text, text, text[]) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.use_interventions(regclass, name, name, name, name, name, text, interval, interval, interval, text, text, text[]) IS
	'Names a table or view whose rows say who has an open intervention at which customer, and when.';
GRANT EXECUTE ON FUNCTION contact_guard.use_interventions(regclass, name, name, name, name, name, text, interval, interval, interval, text, text, text[]) TO contact_guard_admin;

-- Whoever makes a partition of a watched table must be able to execute it.  It tells nothing,
-- and notes nothing for a table that is not watched.
CREATE FUNCTION contact_guard.note_window() RETURNS trigger
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'cg_note_window';
REVOKE ALL ON FUNCTION contact_guard.note_window() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.note_window() IS
	'Internal: the triggers of use_interventions(watch => ''trigger'') call it.';
GRANT EXECUTE ON FUNCTION contact_guard.note_window() TO PUBLIC;

CREATE FUNCTION contact_guard.forget_interventions(relation regclass) RETURNS void
	LANGUAGE c VOLATILE STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_forget_interventions';
REVOKE ALL ON FUNCTION contact_guard.forget_interventions(regclass) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.forget_interventions(regclass) IS
	'Ends the use of a relation named by use_interventions().';
GRANT EXECUTE ON FUNCTION contact_guard.forget_interventions(regclass) TO contact_guard_admin;

CREATE FUNCTION contact_guard.retire() RETURNS void
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_retire';
REVOKE ALL ON FUNCTION contact_guard.retire() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.retire() IS
	'Ends the guard of all tables, the use of all interventions relations and the trust in all functions of this database.';
GRANT EXECUTE ON FUNCTION contact_guard.retire() TO contact_guard_admin;

CREATE FUNCTION contact_guard.allow(role regrole, purpose text, relation regclass DEFAULT NULL,
		level text DEFAULT 'recorded') RETURNS void
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_allow';
REVOKE ALL ON FUNCTION contact_guard.allow(regrole, text, regclass, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.allow(regrole, text, regclass, text) IS
	'Gives a role a standing permission, for a purpose that is recorded with each read.';
GRANT EXECUTE ON FUNCTION contact_guard.allow(regrole, text, regclass, text) TO contact_guard_admin;

CREATE FUNCTION contact_guard.disallow(role regrole, relation regclass DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_disallow';
REVOKE ALL ON FUNCTION contact_guard.disallow(regrole, regclass) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.disallow(regrole, regclass) IS
	'Takes a standing permission back.';
GRANT EXECUTE ON FUNCTION contact_guard.disallow(regrole, regclass) TO contact_guard_admin;

---------------------------------------------------------------------------
-- actors and their windows
---------------------------------------------------------------------------

CREATE FUNCTION contact_guard.act_as(actor text, role regrole DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_act_as';
REVOKE ALL ON FUNCTION contact_guard.act_as(text, regrole) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.act_as(text, regrole) IS
	'Names the end user behind a pooled connection, until the end of the transaction.';
GRANT EXECUTE ON FUNCTION contact_guard.act_as(text, regrole) TO contact_guard_proxy;

-- The forms with role as text have no DEFAULT, or a call without a role would be ambiguous.  What
-- is granted or revoked on the form with regrole counts for both: the library checks it.
CREATE FUNCTION contact_guard.act_as(actor text, role text) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_act_as_text';
REVOKE ALL ON FUNCTION contact_guard.act_as(text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.act_as(text, text) IS
	'act_as(text, regrole) for drivers that send strings as text. Whoever may execute that function may execute this one.';
GRANT EXECUTE ON FUNCTION contact_guard.act_as(text, text) TO PUBLIC;

CREATE FUNCTION contact_guard.act_as_session(actor text, role regrole DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_act_as_session';
REVOKE ALL ON FUNCTION contact_guard.act_as_session(text, regrole) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.act_as_session(text, regrole) IS
	'Names the end user of this session, for logins that allow_act_as_session() has allowed, until act_as_nobody() or DISCARD ALL.';

CREATE FUNCTION contact_guard.act_as_session(actor text, role text) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_act_as_session_text';
REVOKE ALL ON FUNCTION contact_guard.act_as_session(text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.act_as_session(text, text) IS
	'act_as_session(text, regrole) for drivers that send strings as text. Whoever may execute that function may execute this one.';
GRANT EXECUTE ON FUNCTION contact_guard.act_as_session(text, text) TO PUBLIC;

CREATE FUNCTION contact_guard.act_as_token(token text, role regrole DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_act_as_token';
REVOKE ALL ON FUNCTION contact_guard.act_as_token(text, regrole) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.act_as_token(text, regrole) IS
	'Names the end user behind a pooled connection by a signed token (JWT), until the end of the transaction.';
GRANT EXECUTE ON FUNCTION contact_guard.act_as_token(text, regrole) TO contact_guard_proxy;

CREATE FUNCTION contact_guard.act_as_token(token text, role text) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_act_as_token_text';
REVOKE ALL ON FUNCTION contact_guard.act_as_token(text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.act_as_token(text, text) IS
	'act_as_token(text, regrole) for drivers that send strings as text. Whoever may execute that function may execute this one.';
GRANT EXECUTE ON FUNCTION contact_guard.act_as_token(text, text) TO PUBLIC;

-- Whoever may execute act_as_session() may call them: the library checks it.
CREATE FUNCTION contact_guard.act_as_token_session(token text, role regrole DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_act_as_token_session';
REVOKE ALL ON FUNCTION contact_guard.act_as_token_session(text, regrole) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.act_as_token_session(text, regrole) IS
	'Names the end user of this session by a signed token (JWT), for logins that allow_act_as_session() has allowed, until the token expires.';
GRANT EXECUTE ON FUNCTION contact_guard.act_as_token_session(text, regrole) TO PUBLIC;

CREATE FUNCTION contact_guard.act_as_token_session(token text, role text) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_act_as_token_session_text';
REVOKE ALL ON FUNCTION contact_guard.act_as_token_session(text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.act_as_token_session(text, text) IS
	'act_as_token_session(text, regrole) for drivers that send strings as text.';
GRANT EXECUTE ON FUNCTION contact_guard.act_as_token_session(text, text) TO PUBLIC;

-- Subjects whose tokens that were issued before a time are refused: see revoke_identity().
CREATE TABLE contact_guard.revoked_identity (
	subject    text PRIMARY KEY,
	not_before timestamptz NOT NULL,
	reason     text NOT NULL
);
REVOKE ALL ON contact_guard.revoked_identity FROM PUBLIC;
GRANT SELECT ON contact_guard.revoked_identity TO contact_guard_admin, contact_guard_auditor;
SELECT pg_catalog.pg_extension_config_dump('contact_guard.revoked_identity'::pg_catalog.regclass, ''::pg_catalog.text);
COMMENT ON TABLE contact_guard.revoked_identity IS 'Whose tokens are refused: see revoke_identity().';
COMMENT ON COLUMN contact_guard.revoked_identity.subject IS 'The subject (sub) of the tokens.';
COMMENT ON COLUMN contact_guard.revoked_identity.not_before IS 'Tokens that were issued (iat) before are refused.';
COMMENT ON COLUMN contact_guard.revoked_identity.reason IS 'Why, as the admin has said.';

CREATE FUNCTION contact_guard.revoke_identity(subject text, reason text, before timestamptz DEFAULT now()) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_revoke_identity';
REVOKE ALL ON FUNCTION contact_guard.revoke_identity(text, text, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.revoke_identity(text, text, timestamptz) IS
	'Refuses the tokens of a subject that were issued before a time, also where they are in use.';
GRANT EXECUTE ON FUNCTION contact_guard.revoke_identity(text, text, timestamptz) TO contact_guard_admin;

CREATE FUNCTION contact_guard.act_as_nobody() RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_act_as_nobody';
REVOKE ALL ON FUNCTION contact_guard.act_as_nobody() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.act_as_nobody() IS
	'Ends what act_as_session() began.';
GRANT EXECUTE ON FUNCTION contact_guard.act_as_nobody() TO contact_guard_proxy;

CREATE FUNCTION contact_guard.allow_act_as_session(login regrole, allowed boolean DEFAULT true) RETURNS void
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_allow_act_as_session';
REVOKE ALL ON FUNCTION contact_guard.allow_act_as_session(regrole, boolean) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.allow_act_as_session(regrole, boolean) IS
	'Allows a login, or no longer, to call act_as_session(): only where each session of it has one end user at a time.';
GRANT EXECUTE ON FUNCTION contact_guard.allow_act_as_session(regrole, boolean) TO contact_guard_admin;

CREATE FUNCTION contact_guard.current_actor() RETURNS text
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'cg_current_actor';
REVOKE ALL ON FUNCTION contact_guard.current_actor() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.current_actor() IS
	'The name of the present actor, by which reads are decided and recorded.';
GRANT EXECUTE ON FUNCTION contact_guard.current_actor() TO PUBLIC;

CREATE FUNCTION contact_guard.has_open_window(customer anyelement) RETURNS boolean
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 100 AS 'MODULE_PATHNAME', 'cg_has_open_window';
REVOKE ALL ON FUNCTION contact_guard.has_open_window(anyelement) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.has_open_window(anyelement) IS
	'Has the current actor an open intervention at this customer?';
GRANT EXECUTE ON FUNCTION contact_guard.has_open_window(anyelement) TO PUBLIC;

CREATE FUNCTION contact_guard.has_open_window(customer text) RETURNS boolean
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED COST 100 AS 'MODULE_PATHNAME', 'cg_has_open_window_text';
REVOKE ALL ON FUNCTION contact_guard.has_open_window(text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.has_open_window(text) IS
	'has_open_window(anyelement) for values without a type: the key as the access log writes it. Whoever may execute that function may execute this one.';
GRANT EXECUTE ON FUNCTION contact_guard.has_open_window(text) TO PUBLIC;

CREATE FUNCTION contact_guard.open_interventions(OUT relation regclass, OUT id text, OUT customer text,
		OUT opens_at timestamptz, OUT closes_at timestamptz) RETURNS SETOF record
	LANGUAGE c STABLE PARALLEL RESTRICTED ROWS 10 AS 'MODULE_PATHNAME', 'cg_open_interventions';
REVOKE ALL ON FUNCTION contact_guard.open_interventions() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.open_interventions() IS
	'The interventions of the current actor that are open now.';
GRANT EXECUTE ON FUNCTION contact_guard.open_interventions() TO PUBLIC;

-- Writes a policy record; only for this extension's own SQL functions.
CREATE FUNCTION contact_guard.record_policy(what text) RETURNS void
	LANGUAGE c VOLATILE STRICT AS 'MODULE_PATHNAME', 'cg_record_policy';
REVOKE ALL ON FUNCTION contact_guard.record_policy(text) FROM PUBLIC;

CREATE FUNCTION contact_guard.open_intervention(customer text, technician name,
		opens_at timestamptz, closes_at timestamptz) RETURNS bigint
	LANGUAGE c VOLATILE STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_open_intervention';
REVOKE ALL ON FUNCTION contact_guard.open_intervention(text, name, timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.open_intervention(text, name, timestamptz, timestamptz) IS
	'Opens an intervention of a technician at a customer, where the CRM keeps no visits; returns its id.';
GRANT EXECUTE ON FUNCTION contact_guard.open_intervention(text, name, timestamptz, timestamptz) TO contact_guard_admin;

CREATE FUNCTION contact_guard.open_intervention(customer bigint, technician name,
		opens_at timestamptz, closes_at timestamptz) RETURNS bigint
	LANGUAGE sql VOLATILE STRICT SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC SELECT contact_guard.open_intervention(customer::text, technician, opens_at, closes_at); END;
REVOKE ALL ON FUNCTION contact_guard.open_intervention(bigint, name, timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.open_intervention(bigint, name, timestamptz, timestamptz) IS
	'Opens an intervention of a technician at a customer, where the CRM keeps no visits; returns its id.';
GRANT EXECUTE ON FUNCTION contact_guard.open_intervention(bigint, name, timestamptz, timestamptz) TO contact_guard_admin;

CREATE FUNCTION contact_guard.open_intervention(customer uuid, technician name,
		opens_at timestamptz, closes_at timestamptz) RETURNS bigint
	LANGUAGE sql VOLATILE STRICT SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC SELECT contact_guard.open_intervention(customer::text, technician, opens_at, closes_at); END;
REVOKE ALL ON FUNCTION contact_guard.open_intervention(uuid, name, timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.open_intervention(uuid, name, timestamptz, timestamptz) IS
	'Opens an intervention of a technician at a customer, where the CRM keeps no visits; returns its id.';
GRANT EXECUTE ON FUNCTION contact_guard.open_intervention(uuid, name, timestamptz, timestamptz) TO contact_guard_admin;

CREATE FUNCTION contact_guard.close_intervention(id bigint) RETURNS void
	LANGUAGE c VOLATILE STRICT SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_close_intervention';
REVOKE ALL ON FUNCTION contact_guard.close_intervention(bigint) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.close_intervention(bigint) IS
	'Closes an intervention that open_intervention() opened.';
GRANT EXECUTE ON FUNCTION contact_guard.close_intervention(bigint) TO contact_guard_admin;

---------------------------------------------------------------------------
-- a way to call, without the number
---------------------------------------------------------------------------

CREATE FUNCTION contact_guard.contact(customer anyelement, channel text DEFAULT 'voice', relation regclass DEFAULT NULL,
		"column" name DEFAULT NULL, OUT token text, OUT number text, OUT expires_at timestamptz) RETURNS record
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_contact';
REVOKE ALL ON FUNCTION contact_guard.contact(anyelement, text, regclass, name) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.contact(anyelement, text, regclass, name) IS
	'Makes a token by which the current actor is put through to a customer, while his intervention there is open.';
GRANT EXECUTE ON FUNCTION contact_guard.contact(anyelement, text, regclass, name) TO PUBLIC;

CREATE FUNCTION contact_guard.resolve(token text, caller text, call_id text, channel text DEFAULT 'voice',
		OUT code integer, OUT reason text, OUT dial text, OUT present text, OUT closes integer) RETURNS record
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_resolve';
REVOKE ALL ON FUNCTION contact_guard.resolve(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.resolve(text, text, text, text) IS
	'The number for a token of contact(), for a gateway that has authenticated the caller; 200, 403 or 404.';
GRANT EXECUTE ON FUNCTION contact_guard.resolve(text, text, text, text) TO contact_guard_gateway;

CREATE FUNCTION contact_guard.resolve_number(number text, caller text, call_id text, channel text DEFAULT 'voice',
		OUT code integer, OUT reason text, OUT dial text, OUT present text, OUT closes integer) RETURNS record
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_resolve_number';
REVOKE ALL ON FUNCTION contact_guard.resolve_number(text, text, text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.resolve_number(text, text, text, text) IS
	'The number for a relay number that a technician or a customer has called; 200, 403 or 404.';
GRANT EXECUTE ON FUNCTION contact_guard.resolve_number(text, text, text, text) TO contact_guard_gateway;

CREATE FUNCTION contact_guard.use_relay_numbers(numbers text[]) RETURNS void
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_use_relay_numbers';
REVOKE ALL ON FUNCTION contact_guard.use_relay_numbers(text[]) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.use_relay_numbers(text[]) IS
	'Says which numbers contact() may give to visits. Those that are left out are given to nobody any more.';
GRANT EXECUTE ON FUNCTION contact_guard.use_relay_numbers(text[]) TO contact_guard_admin;

CREATE FUNCTION contact_guard.relay_telephone(technician text, number text) RETURNS void
	LANGUAGE c VOLATILE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_relay_telephone';
REVOKE ALL ON FUNCTION contact_guard.relay_telephone(text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.relay_telephone(text, text) IS
	'Says by which number a technician is called, and known, when a relay number is used; NULL: by none.';
GRANT EXECUTE ON FUNCTION contact_guard.relay_telephone(text, text) TO contact_guard_admin;

CREATE FUNCTION contact_guard.call_answered(call_id text, handle text DEFAULT NULL) RETURNS integer
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_call_answered';
REVOKE ALL ON FUNCTION contact_guard.call_answered(text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.call_answered(text, text) IS
	'A gateway tells that a call was answered, and by what handle it can end it. 1; 0 if there is no such call.';
GRANT EXECUTE ON FUNCTION contact_guard.call_answered(text, text) TO contact_guard_gateway;

CREATE FUNCTION contact_guard.call_ended(call_id text, outcome text DEFAULT 'ended', seconds integer DEFAULT NULL) RETURNS integer
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_call_ended';
REVOKE ALL ON FUNCTION contact_guard.call_ended(text, text, integer) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.call_ended(text, text, integer) IS
	'A gateway tells that a call is over. 1; 0 if there is no such call.';
GRANT EXECUTE ON FUNCTION contact_guard.call_ended(text, text, integer) TO contact_guard_gateway;

CREATE FUNCTION contact_guard.calls_to_end(OUT call_id text, OUT handle text) RETURNS SETOF record
	LANGUAGE c VOLATILE PARALLEL UNSAFE ROWS 10 SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_calls_to_end';
REVOKE ALL ON FUNCTION contact_guard.calls_to_end() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.calls_to_end() IS
	'The answered calls of this gateway whose interventions are not open any more.';
GRANT EXECUTE ON FUNCTION contact_guard.calls_to_end() TO contact_guard_gateway;

-- A session of a hot standby asks the primary by it (src/policy/forwarded.c).  The argument is
-- sealed with the journal's key, so the privilege alone is worth nothing.
CREATE FUNCTION contact_guard.forward(request bytea) RETURNS bytea
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_forward';
REVOKE ALL ON FUNCTION contact_guard.forward(bytea) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.forward(bytea) IS
	'Answers the library on a hot standby with contact_guard.standby_reads = forward: who may see what, and the records of what was read there.';
GRANT EXECUTE ON FUNCTION contact_guard.forward(bytea) TO contact_guard_forwarder;

---------------------------------------------------------------------------
-- the access log and its auditors
---------------------------------------------------------------------------

CREATE VIEW contact_guard.access_log AS
	SELECT l.seq, l.read_at, l.event, l.actor, coalesce(l.login, CASE WHEN c.login_is_actor THEN l.actor END) AS login,
	       coalesce(l.relation, c.relation) AS relation, coalesce(l.columns, c.columns) AS columns, l.customer,
	       coalesce(l.count, c.count) AS count, l.intervention, coalesce(l.purpose, c.purpose) AS purpose,
	       coalesce(l.reason, c.reason) AS reason, l.client, l.application, l.session, l.statement, l.query_id, q.query,
	       coalesce(l.identity, c.identity) AS identity, l.technician, l.opens_at, l.closes_at,
	       l.previous_opens_at, l.previous_closes_at
	  FROM (SELECT seq, read_at, event, actor, login, relation, columns, customer, count, intervention, closed_at,
	               purpose, reason, client, application, session, statement, query_id, identity, technician,
	               opens_at, closes_at, previous_opens_at, previous_closes_at, common
	          FROM contact_guard.log
	        UNION ALL
	        -- rows of another database: their sessions and numbers are not ours
	        SELECT seq, read_at, event, actor, login, relation, columns, customer, count, intervention, closed_at,
	               purpose, reason, client, application, concat_ws(':', origin, session), statement, query_id, identity, technician,
	               opens_at, closes_at, previous_opens_at, previous_closes_at, NULL::integer
	          FROM contact_guard.restored_log) l
	       LEFT JOIN contact_guard.log_common c ON c.number = l.common
	       LEFT JOIN contact_guard.query_text q USING (query_id);
REVOKE ALL ON contact_guard.access_log FROM PUBLIC;
COMMENT ON VIEW contact_guard.access_log IS 'Reads, withheld values, look-ups and changes, with actor and time.';

CREATE FUNCTION contact_guard.journal_origin() RETURNS text
	LANGUAGE c STABLE PARALLEL SAFE AS 'MODULE_PATHNAME', 'cg_journal_origin';
REVOKE ALL ON FUNCTION contact_guard.journal_origin() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_guard.journal_origin() TO PUBLIC;

CREATE VIEW contact_guard.whole_log AS
	SELECT l.seq, l.read_at, l.event, l.actor, coalesce(l.login, CASE WHEN c.login_is_actor THEN l.actor END) AS login,
	       coalesce(l.relation, c.relation) AS relation, coalesce(l.columns, c.columns) AS columns, l.customer,
	       coalesce(l.count, c.count) AS count, l.intervention, l.closed_at, coalesce(l.purpose, c.purpose) AS purpose,
	       coalesce(l.reason, c.reason) AS reason, l.client, l.application, l.session, l.statement, l.query_id,
	       l.customer_salt, l.actor_salt, l.customer_commitment, l.actor_commitment, l.origin, l.leaf_version,
	       coalesce(l.identity, c.identity) AS identity, l.technician, l.opens_at, l.closes_at,
	       l.previous_opens_at, l.previous_closes_at, l.execution_salt
	  FROM (SELECT seq, read_at, event, actor, login, relation, columns, customer, count, intervention, closed_at, purpose,
	               reason, client, application, session, statement, query_id, customer_salt, actor_salt, customer_commitment,
	               actor_commitment, contact_guard.journal_origin() AS origin, leaf_version, identity, technician,
	               opens_at, closes_at, previous_opens_at, previous_closes_at, execution_salt, common
	          FROM contact_guard.log
	        UNION ALL
	        SELECT seq, read_at, event, actor, login, relation, columns, customer, count, intervention, closed_at, purpose,
	               reason, client, application, session, statement, query_id, customer_salt, actor_salt, customer_commitment,
	               actor_commitment, origin, leaf_version, identity, technician,
	               opens_at, closes_at, previous_opens_at, previous_closes_at, execution_salt, NULL::integer
	          FROM contact_guard.restored_log) l
	       LEFT JOIN contact_guard.log_common c ON c.number = l.common;
REVOKE ALL ON contact_guard.whole_log FROM PUBLIC;
COMMENT ON VIEW contact_guard.whole_log IS 'The access log with its internal columns, and with what dumps have brought.';

GRANT SELECT ON contact_guard.access_log, contact_guard.log, contact_guard.restored_log, contact_guard.whole_log,
	contact_guard.log_common, contact_guard.query_text, contact_guard.held, contact_guard.journal_passed TO contact_guard_auditor;

-- A customer's key as it stands in records, where a long key is shortened.
CREATE FUNCTION contact_guard.customer_of_record(customer text) RETURNS text
	LANGUAGE c STABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'cg_customer_of_record';
REVOKE ALL ON FUNCTION contact_guard.customer_of_record(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contact_guard.customer_of_record(text) TO contact_guard_auditor;

-- The customer's records are found first, whatever their time (OFFSET 0): they are few, and
-- the planner, which has no statistics of customers, would as soon go by the time.
CREATE FUNCTION contact_guard.who_read(customer text, since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
	RETURNS TABLE (seq bigint, read_at timestamptz, actor text, login text, identity text, event text, relation text, columns text[],
	               intervention text, purpose text, client text, application text, session text, statement bigint, query text)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
	BEGIN ATOMIC
		SELECT c.seq, c.read_at, c.actor, c.login, c.identity, c.event, c.relation, c.columns, c.intervention, c.purpose,
		       c.client, c.application, c.session, c.statement, c.query
		  FROM (SELECT l.seq, l.read_at, l.actor, l.login, l.identity, l.event, l.relation, l.columns, l.intervention, l.purpose,
		               l.client, l.application, l.session, l.statement, l.query
		          FROM contact_guard.access_log l
		         WHERE l.customer = contact_guard.customer_of_record(who_read.customer)
		        OFFSET 0) c
		 WHERE c.event IN ('shown', 'lookup', 'searched', 'contact') AND c.read_at >= who_read.since AND c.read_at < who_read.until
		UNION ALL
		-- A bulk read names no customer, since it read all customers of its relation.
		SELECT l.seq, l.read_at, l.actor, l.login, l.identity, l.event, l.relation, l.columns, l.intervention, l.purpose,
		       l.client, l.application, l.session, l.statement, l.query
		  FROM contact_guard.access_log l
		 WHERE l.event = 'bulk' AND l.read_at >= who_read.since AND l.read_at < who_read.until
		ORDER BY 2, 1;
	END;
REVOKE ALL ON FUNCTION contact_guard.who_read(text, timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.who_read(text, timestamptz, timestamptz) IS
	'The reads in which guarded values of this customer were shown.';
GRANT EXECUTE ON FUNCTION contact_guard.who_read(text, timestamptz, timestamptz) TO contact_guard_auditor;

-- The days are for the index.
CREATE FUNCTION contact_guard.reads_by(actor text, since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
	RETURNS TABLE (seq bigint, read_at timestamptz, customer text, event text, relation text, columns text[], count bigint,
	               intervention text, purpose text, reason text, identity text, session text, statement bigint, query text)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
	BEGIN ATOMIC
		SELECT l.seq, l.read_at, l.customer, l.event, l.relation, l.columns, l.count, l.intervention,
		       l.purpose, l.reason, l.identity, l.session, l.statement, l.query
		  FROM contact_guard.access_log l
		 WHERE l.actor = reads_by.actor AND l.event IN ('shown', 'withheld', 'lookup', 'searched', 'bulk', 'contact')
		   AND date_bin('1 day', l.read_at, '2000-01-01 00:00:00+00')
		       BETWEEN date_bin('1 day', reads_by.since, '2000-01-01 00:00:00+00')
		           AND date_bin('1 day', reads_by.until, '2000-01-01 00:00:00+00')
		   AND l.read_at >= reads_by.since AND l.read_at < reads_by.until
		 ORDER BY l.seq;
	END;
REVOKE ALL ON FUNCTION contact_guard.reads_by(text, timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.reads_by(text, timestamptz, timestamptz) IS
	'The reads of this actor, and the values that were withheld from him.';
GRANT EXECUTE ON FUNCTION contact_guard.reads_by(text, timestamptz, timestamptz) TO contact_guard_auditor;

-- attempts: executions in which something was withheld; targeted: those that named exactly
-- one customer and nobody else; customers: how many were named, and in more those that only
-- a count stands for.  First whoever looks at many customers one by one: lists look at many
-- at once.
CREATE FUNCTION contact_guard.withheld_attempts(since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
	RETURNS TABLE (actor text, attempts bigint, targeted bigint, targeted_customers bigint, customers bigint, more bigint,
	               first_at timestamptz, last_at timestamptz)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET work_mem = '64MB'
	BEGIN ATOMIC
		WITH withheld AS MATERIALIZED (
			SELECT l.actor, l.session, l.statement, l.customer, l.count, l.read_at
			  FROM contact_guard.access_log l
			 -- Whoever has an open visit may look at what is reached by relay: he gets the mask.
			 WHERE l.event = 'withheld' AND NOT starts_with(coalesce(l.reason, ''), 'reached by relay only')
			   AND l.read_at >= withheld_attempts.since AND l.read_at < withheld_attempts.until),
		executions AS (
			SELECT w.actor, CASE WHEN count(*) = count(w.customer) AND min(w.customer) = max(w.customer) THEN min(w.customer) END AS target
			  FROM withheld w
			 GROUP BY w.actor, w.session, w.statement),
		-- Added up and not joined: the actor may be NULL.
		parts AS (
			SELECT e.actor, count(*) AS attempts, count(e.target) AS targeted, 0::bigint AS targeted_customers, 0::bigint AS customers,
			       0::bigint AS more, NULL::timestamptz AS first_at, NULL::timestamptz AS last_at
			  FROM executions e
			 GROUP BY e.actor
			UNION ALL
			SELECT t.actor, 0, 0, count(*), 0, 0, NULL AS first_at, NULL AS last_at
			  FROM (SELECT e.actor FROM executions e WHERE e.target IS NOT NULL GROUP BY e.actor, e.target) t
			 GROUP BY t.actor
			UNION ALL
			SELECT n.actor, 0, 0, 0, count(*), 0, NULL AS first_at, NULL AS last_at
			  FROM (SELECT w.actor FROM withheld w WHERE w.customer IS NOT NULL GROUP BY w.actor, w.customer) n
			 GROUP BY n.actor
			UNION ALL
			SELECT w.actor, 0, 0, 0, 0, sum(w.count) FILTER (WHERE w.customer IS NULL), min(w.read_at), max(w.read_at)
			  FROM withheld w
			 GROUP BY w.actor)
		SELECT p.actor, sum(p.attempts)::bigint, sum(p.targeted)::bigint, sum(p.targeted_customers)::bigint, sum(p.customers)::bigint,
		       coalesce(sum(p.more), 0)::bigint, min(p.first_at), max(p.last_at)
		  FROM parts p
		 GROUP BY p.actor
		 ORDER BY 4 DESC, 3 DESC, 2 DESC, 1;
	END;
REVOKE ALL ON FUNCTION contact_guard.withheld_attempts(timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.withheld_attempts(timestamptz, timestamptz) IS
	'The actors from whom values were withheld, and how often.';
GRANT EXECUTE ON FUNCTION contact_guard.withheld_attempts(timestamptz, timestamptz) TO contact_guard_auditor;

-- What contact_guard refused: one row for each thing that an actor tried.
CREATE FUNCTION contact_guard.refused_attempts(since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
	RETURNS TABLE (actor text, reason text, relation text, attempts bigint, first_at timestamptz, last_at timestamptz)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
	BEGIN ATOMIC
		SELECT l.actor, l.reason, l.relation, sum(l.count)::bigint, min(l.read_at), max(l.read_at)
		  FROM contact_guard.access_log l
		 WHERE l.event = 'refused'
		   AND l.read_at >= refused_attempts.since AND l.read_at < refused_attempts.until
		 GROUP BY l.actor, l.reason, l.relation
		 ORDER BY 4 DESC, 1, 2, 3;
	END;
REVOKE ALL ON FUNCTION contact_guard.refused_attempts(timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.refused_attempts(timestamptz, timestamptz) IS
	'The attempts that contact_guard refused, with actor and number.';
GRANT EXECUTE ON FUNCTION contact_guard.refused_attempts(timestamptz, timestamptz) TO contact_guard_auditor;

-- after_close counts from the closing time of the window.  If a change of state closed the
-- window earlier, it counts from the last moment at which this log has seen the window open:
-- a CRM need not keep the time of that change.  A visit whose time has not ended, and whose
-- window was never seen open, does not count.
CREATE FUNCTION contact_guard.reads_after_close(since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
	RETURNS TABLE (seq bigint, read_at timestamptz, actor text, customer text, relation text, columns text[],
	               intervention text, closed_at timestamptz, after_close interval, session text, statement bigint)
	-- Of one customer there are few records, which the planner cannot know: no bitmaps of many.
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET enable_bitmapscan = off SET enable_seqscan = off
	BEGIN ATOMIC
		SELECT c.seq, c.read_at, c.actor, c.customer, c.relation, c.columns, c.intervention, c.closed_at, c.read_at - c.closed_at,
		       c.session, c.statement
		  FROM (SELECT w.seq, w.read_at, w.actor, w.customer, w.relation, w.columns, w.intervention, w.statement,
		               CASE WHEN w.origin = contact_guard.journal_origin() THEN w.session
		                    ELSE concat_ws(':', w.origin, w.session) END AS session,
		               coalesce(w.closed_at,
		                        -- OFFSET 0: as in who_read(), and once for each row.
		                        (SELECT max(s.read_at)
		                           FROM (SELECT o.read_at, o.actor, o.event, o.intervention FROM contact_guard.whole_log o
		                                  WHERE o.customer = w.customer OFFSET 0) s
		                          WHERE s.actor = w.actor AND s.event = 'shown' AND s.intervention = w.intervention
		                            AND s.read_at <= w.read_at)) AS closed_at
		          FROM contact_guard.whole_log w
		         WHERE w.event = 'withheld' AND w.intervention IS NOT NULL
		           AND NOT starts_with(coalesce(w.reason, ''), 'reached by relay only')
		           AND w.read_at >= reads_after_close.since AND w.read_at < reads_after_close.until
		        OFFSET 0) c
		 WHERE c.closed_at IS NOT NULL
		 ORDER BY c.seq;
	END;
REVOKE ALL ON FUNCTION contact_guard.reads_after_close(timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.reads_after_close(timestamptz, timestamptz) IS
	'Reads that came after the intervention had closed.';
GRANT EXECUTE ON FUNCTION contact_guard.reads_after_close(timestamptz, timestamptz) TO contact_guard_auditor;

-- What opens a window, and what it was good for: the records of its customer tell, which are
-- found by their index (OFFSET 0, as in who_read()) and sorted, once for each customer.  Windows that
-- may have moved without being known have no technician.  A window whose transaction did not
-- commit was never open.
CREATE FUNCTION contact_guard.windows_opened(since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity',
		before_read interval DEFAULT '10 minutes', after_read interval DEFAULT '10 minutes', day_begins time DEFAULT '07:00',
		day_ends time DEFAULT '19:00', workdays integer[] DEFAULT '{1,2,3,4,5}', timezone text DEFAULT NULL)
	RETURNS TABLE (seq bigint, opened_at timestamptz, actor text, login text, identity text, technician text, customer text,
	               relation text, intervention text, opens_at timestamptz, closes_at timestamptz,
	               previous_opens_at timestamptz, previous_closes_at timestamptz, opened_by text,
	               first_read_at timestamptz, read_after interval, closed_at timestamptz, shortly_before_read boolean,
	               off_hours boolean, first_visit boolean, closed_after_read boolean, reason text)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off SET enable_bitmapscan = off SET enable_seqscan = off
	BEGIN ATOMIC
		SELECT w.seq, w.read_at, w.actor, w.login, w.identity, w.technician, w.customer, w.relation, w.intervention,
		       w.opens_at, w.closes_at, w.previous_opens_at, w.previous_closes_at,
		       CASE WHEN w.technician IN (w.actor, w.login) THEN 'himself'
		            WHEN w.technician IS NULL OR w.actor IS NULL OR w.identity IS NULL OR w.identity = 'unnamed' THEN 'unknown'
		            ELSE 'another' END,
		       w.first_read_at, w.first_read_at - w.read_at, w.closed_at,
		       coalesce(w.first_read_at - w.read_at <= windows_opened.before_read, false),
		       w.local_at::time < windows_opened.day_begins OR w.local_at::time >= windows_opened.day_ends
		       OR extract(isodow FROM w.local_at)::integer <> ALL (windows_opened.workdays),
		       CASE WHEN w.customer IS NOT NULL THEN coalesce(w.visited_from > w.read_at, true) END,
		       coalesce(w.closed_at >= w.first_read_at AND w.closed_at - w.first_read_at <= windows_opened.after_read, false),
		       w.reason
		  FROM (SELECT l.seq, l.read_at, l.actor, l.login, l.identity, l.technician, l.customer, l.relation, l.intervention,
		               l.opens_at, l.closes_at, l.previous_opens_at, l.previous_closes_at, l.reason,
		               l.read_at AT TIME ZONE coalesce(windows_opened.timezone, current_setting('TimeZone')) AS local_at,
		               NULL::timestamptz AS first_read_at, NULL::timestamptz AS closed_at, NULL::timestamptz AS visited_from
		          FROM contact_guard.whole_log l
		         WHERE l.event = 'window' AND l.read_at >= windows_opened.since AND l.read_at < windows_opened.until
		           AND l.customer IS NULL
		        UNION ALL
		        SELECT o.seq, o.read_at, o.actor, o.login, o.identity, o.technician, d.customer, o.relation, o.intervention,
		               o.opens_at, o.closes_at, o.previous_opens_at, o.previous_closes_at, o.reason,
		               o.read_at AT TIME ZONE coalesce(windows_opened.timezone, current_setting('TimeZone')),
		               CASE WHEN o.technician IS NOT NULL THEN o.first_read_at END,
		               CASE WHEN o.technician IS NOT NULL AND o.relation IS NOT NULL THEN o.closed_at END,
		               -- Another visit than this one
		               CASE WHEN o.intervention IS DISTINCT FROM o.first_intervention THEN o.first_from ELSE o.other_from END
		          FROM (SELECT DISTINCT l.customer FROM contact_guard.whole_log l
		                 WHERE l.event = 'window' AND l.read_at >= windows_opened.since AND l.read_at < windows_opened.until
		                   AND l.customer IS NOT NULL
		                OFFSET 0) d
		               CROSS JOIN LATERAL (
		               -- Times go backwards, so each of these frames only grows.
		               SELECT b.seq, b.read_at, b.event, b.actor, b.login, b.identity, b.technician, b.relation, b.intervention,
		                      b.opens_at, b.closes_at, b.previous_opens_at, b.previous_closes_at, b.reason,
		                      b.closed_at, b.first_intervention, b.first_from,
		                      min(b.read_at) FILTER (WHERE b.event = 'shown') OVER (PARTITION BY b.reader ORDER BY b.read_at DESC) AS first_read_at,
		                      min(b.visit_from) FILTER (WHERE b.intervention <> b.first_intervention) OVER () AS other_from
		                 FROM (SELECT a.*,
		                              min(a.closed) OVER (PARTITION BY a.technician, a.intervention, a.relation ORDER BY a.read_at DESC
		                                                  GROUPS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS closed_at,
		                              first_value(a.intervention) OVER (ORDER BY a.visit_from) AS first_intervention,
		                              min(a.visit_from) OVER () AS first_from
		                         FROM (SELECT k.*,
		                                      CASE WHEN k.event = 'window' THEN k.technician ELSE k.actor END AS reader,
		                                      -- When a window was closed by this record
		                                      CASE WHEN k.event = 'window' AND NOT k.undone
		                                            AND (k.opens_at IS NULL OR k.closes_at < k.previous_closes_at
		                                                 OR k.previous_opens_at <= k.read_at AND k.opens_at > k.read_at)
		                                           THEN CASE WHEN k.opens_at > k.read_at THEN k.read_at ELSE greatest(k.closes_at, k.read_at) END
		                                      END AS closed,
		                                      -- From when on this record tells of a visit: after itself, and when its window has opened
		                                      CASE WHEN k.intervention IS NULL OR k.undone THEN NULL
		                                           WHEN k.event = 'shown' OR k.previous_opens_at <= k.read_at THEN k.read_at + interval '1 microsecond'
		                                           WHEN k.opens_at IS NOT NULL THEN greatest(k.opens_at, k.read_at + interval '1 microsecond')
		                                      END AS visit_from
		                                 FROM (SELECT r.seq, r.read_at, r.event, r.actor, r.login, r.identity, r.technician, r.relation,
		                                              r.intervention, r.opens_at, r.closes_at, r.previous_opens_at, r.previous_closes_at, r.reason,
		                                              r.event = 'window' AND coalesce(r.reason ~ '^its transaction did not commit', false) AS undone
		                                         FROM contact_guard.whole_log r WHERE r.customer = d.customer
		                                       OFFSET 0) k) a) b) o
		         WHERE o.event = 'window' AND o.read_at >= windows_opened.since AND o.read_at < windows_opened.until) w
		 WHERE (w.technician IS NULL
		        -- Of a known window only the recorder gives a reason.
		        OR w.opens_at IS NOT NULL AND (w.reason IS NULL OR w.reason !~ '^its transaction did not commit')
		           AND (w.previous_opens_at IS NULL OR w.previous_closes_at <= w.read_at
		                                       OR w.opens_at < w.previous_opens_at OR w.closes_at > w.previous_closes_at))
		 ORDER BY w.read_at, w.seq;
	END;
REVOKE ALL ON FUNCTION contact_guard.windows_opened(timestamptz, timestamptz, interval, interval, time, time, integer[], text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.windows_opened(timestamptz, timestamptz, interval, interval, time, time, integer[], text) IS
	'Windows that were opened, or made longer or earlier: by whom, for whom, and what speaks for a favour.';
GRANT EXECUTE ON FUNCTION contact_guard.windows_opened(timestamptz, timestamptz, interval, interval, time, time, integer[], text) TO contact_guard_auditor;

---------------------------------------------------------------------------
-- evidence: an RFC 6962 tree over the log, in tiles (see docs/evidence.md)
---------------------------------------------------------------------------

-- Full tiles: 256 hashes of a level; never changed.
CREATE TABLE contact_guard.tile_full (
	level  smallint NOT NULL,
	n      bigint NOT NULL,
	hashes bytea NOT NULL,
	PRIMARY KEY (level, n)
);
REVOKE ALL ON contact_guard.tile_full FROM PUBLIC;

-- The hashes that do not fill a tile yet, in one row for each level.
CREATE TABLE contact_guard.tile_edge (
	level  smallint PRIMARY KEY,
	hashes bytea NOT NULL
) WITH (fillfactor = 10);
REVOKE ALL ON contact_guard.tile_edge FROM PUBLIC;

-- Signed notes; cosignatures are added to them.
CREATE TABLE contact_guard.signed_checkpoint (
	origin    text NOT NULL,
	size      bigint NOT NULL,
	root      bytea NOT NULL,
	note      text NOT NULL,
	signed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
	PRIMARY KEY (origin, size)
);
REVOKE ALL ON contact_guard.signed_checkpoint FROM PUBLIC;
CREATE INDEX ON contact_guard.signed_checkpoint (signed_at);
GRANT SELECT ON contact_guard.tile_full, contact_guard.tile_edge, contact_guard.signed_checkpoint TO contact_guard_auditor;

-- Text in a leaf is UTF-8, except in a database of encoding SQL_ASCII.
CREATE FUNCTION contact_guard.leaf_encoding() RETURNS name
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT CASE getdatabaseencoding() WHEN 'SQL_ASCII' THEN name 'SQL_ASCII' ELSE name 'UTF8' END;
	END;
REVOKE ALL ON FUNCTION contact_guard.leaf_encoding() FROM PUBLIC;

-- A field of a leaf or of a group: number, kind, length and bytes.
CREATE FUNCTION contact_guard.leaf_field(id integer, value text) RETURNS bytea
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT CASE WHEN value IS NULL THEN int2send(id::smallint) || E'\\x00'::bytea
		            ELSE int2send(id::smallint) || E'\\x01'::bytea
		                 || int4send(octet_length(convert_to(value, contact_guard.leaf_encoding())))
		                 || convert_to(value, contact_guard.leaf_encoding()) END;
	END;
REVOKE ALL ON FUNCTION contact_guard.leaf_field(integer, text) FROM PUBLIC;

CREATE FUNCTION contact_guard.customer_commitment(salt bytea, customer text) RETURNS bytea
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT sha256(convert_to(E'contact_guard/commit/v1\n', 'UTF8') || int2send(3::smallint) || salt
		              || contact_guard.leaf_field(3, customer));
	END;
REVOKE ALL ON FUNCTION contact_guard.customer_commitment(bytea, text) FROM PUBLIC;

CREATE FUNCTION contact_guard.actor_commitment(salt bytea, actor text, login text, client text, application text) RETURNS bytea
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT sha256(convert_to(E'contact_guard/commit/v1\n', 'UTF8') || int2send(4::smallint) || salt
		              || contact_guard.leaf_field(20, actor) || contact_guard.leaf_field(21, login)
		              || contact_guard.leaf_field(22, client) || contact_guard.leaf_field(23, application));
	END;
REVOKE ALL ON FUNCTION contact_guard.actor_commitment(bytea, text, text, text, text) FROM PUBLIC;

-- The same in the form of each leaf version.
CREATE FUNCTION contact_guard.actor_commitment(leaf_version smallint, salt bytea, actor text, login text, client text,
		application text, identity text, technician text) RETURNS bytea
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT CASE leaf_version WHEN 1 THEN contact_guard.actor_commitment(salt, actor, login, client, application)
		       ELSE sha256(convert_to(E'contact_guard/commit/v1\n', 'UTF8') || int2send(4::smallint) || salt
		                   || contact_guard.leaf_field(20, actor) || contact_guard.leaf_field(21, login)
		                   || contact_guard.leaf_field(22, client) || contact_guard.leaf_field(23, application)
		                   || contact_guard.leaf_field(24, identity) || contact_guard.leaf_field(25, technician)) END;
	END;
REVOKE ALL ON FUNCTION contact_guard.actor_commitment(smallint, bytea, text, text, text, text, text, text) FROM PUBLIC;

-- Rows in the form that the verifier needs.
CREATE VIEW contact_guard.evidence_row AS
	SELECT l.seq, l.event, l.read_at, l.actor, coalesce(l.login, CASE WHEN c.login_is_actor THEN l.actor END) AS login,
	       coalesce(l.relation, c.relation) AS relation, coalesce(l.columns, c.columns) AS columns, l.customer,
	       coalesce(l.count, c.count) AS count, l.intervention, l.closed_at, coalesce(l.purpose, c.purpose) AS purpose,
	       coalesce(l.reason, c.reason) AS reason, l.client, l.application, l.session, l.statement, l.query_id, q.query,
	       CASE WHEN octet_length(l.actor_salt) = 16
	            THEN sha256(convert_to(E'contact_guard/salt/v1\n', 'UTF8') || int2send(3::smallint) || l.actor_salt)
	            ELSE l.customer_salt END AS customer_salt,
	       CASE WHEN octet_length(l.actor_salt) = 16
	            THEN sha256(convert_to(E'contact_guard/salt/v1\n', 'UTF8') || int2send(4::smallint) || l.actor_salt)
	            ELSE l.actor_salt END AS actor_salt,
	       l.customer_commitment, l.actor_commitment, l.leaf_version, coalesce(l.identity, c.identity) AS identity, l.technician,
	       l.opens_at, l.closes_at, l.previous_opens_at, l.previous_closes_at,
	       CASE WHEN octet_length(l.actor_salt) = 16
	            THEN sha256(convert_to(E'contact_guard/salt/v1\n', 'UTF8') || int2send(26::smallint) || l.actor_salt)
	            ELSE l.execution_salt END AS execution_salt
	  FROM contact_guard.log l
	       LEFT JOIN contact_guard.log_common c ON c.number = l.common
	       LEFT JOIN contact_guard.query_text q USING (query_id);
REVOKE ALL ON contact_guard.evidence_row FROM PUBLIC;

-- SECURITY DEFINER, so that the verifier's role needs no other privilege than to execute
-- these functions.
CREATE FUNCTION contact_guard.evidence(first bigint, last bigint) RETURNS SETOF contact_guard.evidence_row
	-- leaf() calls it for each row, and JIT compilation would take longer than the query.
	LANGUAGE sql STABLE SECURITY DEFINER ROWS 20000 SET search_path = pg_catalog, pg_temp SET jit = off
	BEGIN ATOMIC
		SELECT e.seq, e.event, e.read_at, e.actor, e.login, e.relation, e.columns, e.customer, e.count, e.intervention,
		       e.closed_at, e.purpose, e.reason, e.client, e.application, e.session, e.statement, e.query_id, e.query,
		       e.customer_salt, e.actor_salt, e.customer_commitment, e.actor_commitment, e.leaf_version,
		       e.identity, e.technician, e.opens_at, e.closes_at, e.previous_opens_at, e.previous_closes_at, e.execution_salt
		  FROM contact_guard.evidence_row e
		 WHERE e.seq BETWEEN evidence.first AND evidence.last
		 ORDER BY e.seq;
	END;
REVOKE ALL ON FUNCTION contact_guard.evidence(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.evidence(bigint, bigint) IS
	'Records in the form that the verifier needs.';

-- The same with several rows in one value, each in the binary format of COPY.
CREATE FUNCTION contact_guard.evidence_stream(first bigint, last bigint) RETURNS SETOF bytea
	-- Rows come in the order of the index.  With a sort or a hash join the first row would
	-- come after all rows have been read.
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	SET jit = off SET enable_sort = off SET enable_hashjoin = off SET enable_mergejoin = off
	AS 'MODULE_PATHNAME', 'cg_evidence_stream';
REVOKE ALL ON FUNCTION contact_guard.evidence_stream(bigint, bigint) FROM PUBLIC;

-- A field that holds bytes, an integer, or a commitment (kind 2).
CREATE FUNCTION contact_guard.leaf_field(id integer, value bytea, kind integer DEFAULT 1) RETURNS bytea
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT CASE WHEN value IS NULL THEN int2send(id::smallint) || E'\\x00'::bytea
		            ELSE int2send(id::smallint) || substr(int2send(kind::smallint), 2) || int4send(octet_length(value)) || value END;
	END;
REVOKE ALL ON FUNCTION contact_guard.leaf_field(integer, bytea, integer) FROM PUBLIC;

-- A time of a leaf: microseconds since 1970.  What is behind the greatest int8 is infinity.
CREATE FUNCTION contact_guard.leaf_time(value timestamptz) RETURNS bytea
	LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT int8send(CASE WHEN value >= '294247-01-10 04:00:54.775807+00' THEN 9223372036854775807
		                     WHEN value = '-infinity' THEN -9223372036854775808
		                     ELSE (extract(epoch FROM value) * 1000000)::bigint END);
	END;
REVOKE ALL ON FUNCTION contact_guard.leaf_time(timestamptz) FROM PUBLIC;

-- What leads to the reader: the fields of a leaf of version 1, and the group of later ones.
CREATE FUNCTION contact_guard.leaf_execution(reason text, session text, statement bigint, query_id bigint, query text) RETURNS bytea
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT contact_guard.leaf_field(11, reason) || contact_guard.leaf_field(12, session)
		       || contact_guard.leaf_field(13, int8send(statement)) || contact_guard.leaf_field(14, int8send(query_id))
		       || contact_guard.leaf_field(15, sha256(convert_to(query, contact_guard.leaf_encoding())));
	END;
REVOKE ALL ON FUNCTION contact_guard.leaf_execution(text, text, bigint, bigint, text) FROM PUBLIC;

CREATE FUNCTION contact_guard.execution_commitment(salt bytea, reason text, session text, statement bigint,
		query_id bigint, query text) RETURNS bytea
	LANGUAGE sql IMMUTABLE PARALLEL SAFE SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT sha256(convert_to(E'contact_guard/commit/v1\n', 'UTF8') || int2send(26::smallint) || salt
		              || contact_guard.leaf_execution(reason, session, statement, query_id, query));
	END;
REVOKE ALL ON FUNCTION contact_guard.execution_commitment(bytea, text, text, bigint, bigint, text) FROM PUBLIC;

-- The leaf of a record, computed from its row as docs/evidence.md says, without the library.
-- NULL if there is no such row, or if its leaf has a later version than this script knows.
CREATE FUNCTION contact_guard.leaf(seq bigint) RETURNS bytea
	LANGUAGE sql STABLE STRICT SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT CASE WHEN e.leaf_version IN (1, 2) THEN
		       convert_to(E'contact_guard/leaf/v1\n', 'UTF8')
		       || substr(int2send(contact_guard.event_number(event)::smallint), 2)
		       || int2send(e.leaf_version) || int2send(15::smallint)
		       || contact_guard.leaf_field(1, int8send(e.seq))
		       || contact_guard.leaf_field(2, contact_guard.leaf_time(read_at))
		       || contact_guard.leaf_field(3, coalesce(customer_commitment,
		                                               contact_guard.customer_commitment(customer_salt, customer)), 2)
		       || contact_guard.leaf_field(4, coalesce(actor_commitment,
		                                               contact_guard.actor_commitment(e.leaf_version, actor_salt, actor, login, client,
		                                                                              application, identity, technician)), 2)
		       || contact_guard.leaf_field(5, relation)
		       || contact_guard.leaf_field(6, (SELECT string_agg(int4send(octet_length(convert_to(name, contact_guard.leaf_encoding())))
		                                                         || convert_to(name, contact_guard.leaf_encoding()), '' ORDER BY ordinality)
		                                         FROM unnest(columns) WITH ORDINALITY AS c(name, ordinality)))
		       || contact_guard.leaf_field(7, int8send(count))
		       || contact_guard.leaf_field(8, intervention)
		       || contact_guard.leaf_field(9, contact_guard.leaf_time(closed_at))
		       || contact_guard.leaf_field(10, purpose)
		       || CASE e.leaf_version WHEN 1 THEN contact_guard.leaf_execution(reason, session, statement, query_id, query) ELSE
		          contact_guard.leaf_field(16, contact_guard.leaf_time(opens_at))
		          || contact_guard.leaf_field(17, contact_guard.leaf_time(closes_at))
		          || contact_guard.leaf_field(18, contact_guard.leaf_time(previous_opens_at))
		          || contact_guard.leaf_field(19, contact_guard.leaf_time(previous_closes_at))
		          || contact_guard.leaf_field(26, contact_guard.execution_commitment(execution_salt, reason, session,
		                                                                             statement, query_id, query), 2) END
		       END
		  FROM contact_guard.evidence(leaf.seq, leaf.seq) e;
	END;
REVOKE ALL ON FUNCTION contact_guard.leaf(bigint) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.leaf(bigint) IS
	'The leaf of a record in the log''s tree, computed from its row.';

CREATE FUNCTION contact_guard.tile(level integer, n bigint) RETURNS bytea
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'cg_tile';
REVOKE ALL ON FUNCTION contact_guard.tile(integer, bigint) FROM PUBLIC;

CREATE FUNCTION contact_guard.inclusion_proof(seq bigint, size bigint) RETURNS bytea[]
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'cg_inclusion_proof';
REVOKE ALL ON FUNCTION contact_guard.inclusion_proof(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.inclusion_proof(bigint, bigint) IS
	'The hashes that prove that a record is in the log of this size.';

CREATE FUNCTION contact_guard.consistency_proof(old bigint, new bigint) RETURNS bytea[]
	LANGUAGE c STABLE STRICT PARALLEL RESTRICTED SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	AS 'MODULE_PATHNAME', 'cg_consistency_proof';
REVOKE ALL ON FUNCTION contact_guard.consistency_proof(bigint, bigint) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.consistency_proof(bigint, bigint) IS
	'The hashes that prove that a log has only grown.';

-- The newest signed note, with its cosignatures; NULL if there is none.
-- By size: a clock that was ahead for a while must not leave an old one as the newest.
CREATE FUNCTION contact_guard.checkpoint() RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT note FROM contact_guard.signed_checkpoint ORDER BY size DESC, signed_at DESC LIMIT 1;
	END;
REVOKE ALL ON FUNCTION contact_guard.checkpoint() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.checkpoint() IS
	'The newest signed checkpoint of the log, with its cosignatures.';

-- The verification keys of checkpoints, one in each line.
CREATE FUNCTION contact_guard.verification_key() RETURNS text
	LANGUAGE c STABLE PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'cg_verification_key';
REVOKE ALL ON FUNCTION contact_guard.verification_key() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.verification_key() IS
	'The verification keys of checkpoints, one in each line.';

CREATE FUNCTION contact_guard.add_cosignature(note text) RETURNS void
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_add_cosignature';
REVOKE ALL ON FUNCTION contact_guard.add_cosignature(text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.add_cosignature(text) IS
	'Adds a witness''s signature to a checkpoint.';
GRANT EXECUTE ON FUNCTION contact_guard.verification_key(), contact_guard.add_cosignature(text) TO contact_guard_auditor;

CREATE FUNCTION contact_guard.new_epoch(reason text) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_new_epoch';
REVOKE ALL ON FUNCTION contact_guard.new_epoch(text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.new_epoch(text) IS
	'Begins a new origin of checkpoints, after the log has lost records of a signed checkpoint. The log and its tree go on.';
GRANT EXECUTE ON FUNCTION contact_guard.new_epoch(text) TO contact_guard_admin;

GRANT EXECUTE ON FUNCTION contact_guard.event_number(text), contact_guard.leaf_encoding(), contact_guard.leaf_field(integer, text), contact_guard.leaf_field(integer, bytea, integer),
	contact_guard.customer_commitment(bytea, text),
	contact_guard.actor_commitment(bytea, text, text, text, text),
	contact_guard.actor_commitment(smallint, bytea, text, text, text, text, text, text), contact_guard.leaf_time(timestamptz),
	contact_guard.leaf_execution(text, text, bigint, bigint, text),
	contact_guard.execution_commitment(bytea, text, text, bigint, bigint, text)
	TO contact_guard_auditor;
GRANT EXECUTE ON FUNCTION contact_guard.evidence(bigint, bigint), contact_guard.evidence_stream(bigint, bigint), contact_guard.leaf(bigint), contact_guard.tile(integer, bigint),
	contact_guard.inclusion_proof(bigint, bigint), contact_guard.consistency_proof(bigint, bigint),
	contact_guard.checkpoint() TO contact_guard_auditor;

---------------------------------------------------------------------------
-- the customer's report
---------------------------------------------------------------------------

-- kind named: a record that names the customer.  unnamed: what may have included him without
-- naming him, a row for each day.  log: what happened to the log.  since: one row, the times
-- from which records exist and until which they are complete.  With leaves, what a proof needs
-- stands in rows of kind named: the leaf and the salt of the customer, but not what opens the actor.
CREATE FUNCTION contact_guard.subject_report(customer anyelement, reference text,
		since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity', leaves boolean DEFAULT false,
		OUT kind text, OUT seq bigint, OUT read_at timestamptz, OUT last_at timestamptz, OUT event text, OUT reader text,
		OUT category text, OUT relation text, OUT columns text[], OUT purpose text, OUT intervention text,
		OUT opens_at timestamptz, OUT closes_at timestamptz, OUT reason text, OUT times bigint, OUT count bigint, OUT leaf bytea, OUT customer_salt bytea) RETURNS SETOF record
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_subject_report';
REVOKE ALL ON FUNCTION contact_guard.subject_report(anyelement, text, timestamptz, timestamptz, boolean) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.subject_report(anyelement, text, timestamptz, timestamptz, boolean) IS
	'What the log says about a customer, for him: readers have pseudonyms of this report. Each call is a record.';
GRANT EXECUTE ON FUNCTION contact_guard.subject_report(anyelement, text, timestamptz, timestamptz, boolean) TO contact_guard_dpo;

CREATE FUNCTION contact_guard.name_readers(reference text, readers text[], decision text, OUT reader text, OUT actor text) RETURNS SETOF record
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_name_readers';
REVOKE ALL ON FUNCTION contact_guard.name_readers(text, text[], text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.name_readers(text, text[], text) IS
	'The actors behind pseudonyms of a report. Each call is a record, with a commitment to the decision.';
GRANT EXECUTE ON FUNCTION contact_guard.name_readers(text, text[], text) TO contact_guard_dpo;

CREATE FUNCTION contact_guard.reader_category(role regrole, label text) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_reader_category';
REVOKE ALL ON FUNCTION contact_guard.reader_category(regrole, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.reader_category(regrole, text) IS
	'What a report calls the members of this role; null: nothing.';
GRANT EXECUTE ON FUNCTION contact_guard.reader_category(regrole, text) TO contact_guard_admin;

GRANT SELECT ON contact_guard.tile_full, contact_guard.tile_edge, contact_guard.signed_checkpoint TO contact_guard_dpo;
GRANT EXECUTE ON FUNCTION contact_guard.tile(integer, bigint), contact_guard.inclusion_proof(bigint, bigint),
	contact_guard.consistency_proof(bigint, bigint), contact_guard.checkpoint(), contact_guard.verification_key() TO contact_guard_dpo;

---------------------------------------------------------------------------
-- erasure
---------------------------------------------------------------------------

CREATE FUNCTION contact_guard.erase_customer(customer text, reason text) RETURNS bigint
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_erase_customer';
REVOKE ALL ON FUNCTION contact_guard.erase_customer(text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.erase_customer(text, text) IS
	'Takes a customer''s key out of the log; its rows still verify.';
GRANT EXECUTE ON FUNCTION contact_guard.erase_customer(text, text) TO contact_guard_admin;

CREATE FUNCTION contact_guard.erase_actor(actor text, reason text) RETURNS bigint
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_erase_actor';
REVOKE ALL ON FUNCTION contact_guard.erase_actor(text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.erase_actor(text, text) IS
	'Takes an actor''s name out of the log; its rows still verify.';
GRANT EXECUTE ON FUNCTION contact_guard.erase_actor(text, text) TO contact_guard_admin;

---------------------------------------------------------------------------
-- retention
---------------------------------------------------------------------------

CREATE FUNCTION contact_guard.purge(before timestamptz, reason text) RETURNS bigint
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_purge';
REVOKE ALL ON FUNCTION contact_guard.purge(timestamptz, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.purge(timestamptz, text) IS
	'Drops the months of the log before this time, without what is on hold; returns the number of records that are gone.';
GRANT EXECUTE ON FUNCTION contact_guard.purge(timestamptz, text) TO contact_guard_admin;

CREATE FUNCTION contact_guard.hold(customer text, reason text) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_hold';
REVOKE ALL ON FUNCTION contact_guard.hold(text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.hold(text, text) IS
	'Keeps the records of a customer from being purged.';
GRANT EXECUTE ON FUNCTION contact_guard.hold(text, text) TO contact_guard_admin;

CREATE FUNCTION contact_guard.release_hold(customer text, reason text DEFAULT NULL) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_release_hold';
REVOKE ALL ON FUNCTION contact_guard.release_hold(text, text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.release_hold(text, text) IS
	'Ends a hold.';
GRANT EXECUTE ON FUNCTION contact_guard.release_hold(text, text) TO contact_guard_admin;

-- Before that, status() shows the gaps as a problem.
CREATE FUNCTION contact_guard.acknowledge_gaps(reason text) RETURNS bigint
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_acknowledge_gaps';
REVOKE ALL ON FUNCTION contact_guard.acknowledge_gaps(text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.acknowledge_gaps(text) IS
	'Marks the gaps in the log so far as examined; returns their number.';
GRANT EXECUTE ON FUNCTION contact_guard.acknowledge_gaps(text) TO contact_guard_admin;

-- For a clock that was ahead by mistake: otherwise windows stay closed until it has caught up.
CREATE FUNCTION contact_guard.accept_clock(reason text) RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_accept_clock';
REVOKE ALL ON FUNCTION contact_guard.accept_clock(text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.accept_clock(text) IS
	'Takes the present time for the latest one, after a clock that was ahead by mistake was set back.';
GRANT EXECUTE ON FUNCTION contact_guard.accept_clock(text) TO contact_guard_admin;

-- Each start of the server has a new key, too.
CREATE FUNCTION contact_guard.rotate_journal_key() RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_rotate_journal_key';
REVOKE ALL ON FUNCTION contact_guard.rotate_journal_key() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.rotate_journal_key() IS
	'Begins a new key of the journal at once, for all sessions: what an earlier key seals from then on is rejected.';
GRANT EXECUTE ON FUNCTION contact_guard.rotate_journal_key() TO contact_guard_admin;

---------------------------------------------------------------------------
-- operation
---------------------------------------------------------------------------

CREATE FUNCTION contact_guard.sync() RETURNS void
	LANGUAGE c VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cg_sync';
REVOKE ALL ON FUNCTION contact_guard.sync() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.sync() IS
	'Waits until all reads so far are in the access log.';
GRANT EXECUTE ON FUNCTION contact_guard.sync() TO PUBLIC;

CREATE FUNCTION contact_guard.status(OUT guard text, OUT durability text, OUT recorder text,
		OUT journal_lsn pg_lsn, OUT recorded_lsn pg_lsn, OUT lag_bytes bigint, OUT log_size bigint,
		OUT epoch integer, OUT rejected_messages bigint, OUT problems text[],
		OUT last_checkpoint bigint, OUT last_checkpoint_at timestamptz, OUT proposals text[])
	LANGUAGE c VOLATILE PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_status';
REVOKE ALL ON FUNCTION contact_guard.status() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.status() IS
	'The state of the guard, its problems, and proposals.';
GRANT EXECUTE ON FUNCTION contact_guard.status(), contact_guard.library_version() TO contact_guard_admin, contact_guard_auditor;
GRANT EXECUTE ON FUNCTION contact_guard.status() TO pg_monitor;

---------------------------------------------------------------------------
-- comments on the other objects, for psql's \d+
---------------------------------------------------------------------------

COMMENT ON SCHEMA contact_guard IS
	'The objects of extension contact_guard. Policy: protect(), use_interventions(), allow(), for role contact_guard_admin. Audit: access_log, who_read(), reads_by(), for role contact_guard_auditor. Reports to customers: subject_report(), for role contact_guard_dpo. Pools: act_as(), for role contact_guard_proxy. Relay: contact(); resolve(), for role contact_guard_gateway. Operation: status(), sync().';
COMMENT ON TYPE contact_guard.site IS
	'Internal: where in a query a guarded value is read. Only the planner makes its values.';
COMMENT ON FUNCTION contact_guard.site_in(cstring) IS
	'Internal: always fails, so that nobody can write a value of type site.';
COMMENT ON FUNCTION contact_guard.site_out(contact_guard.site) IS
	'Internal: the text form of a value of type site, for EXPLAIN.';
COMMENT ON FUNCTION contact_guard.site_recv(internal) IS
	'Internal: always fails, so that nobody can send a value of type site.';
COMMENT ON FUNCTION contact_guard.require_preload() IS
	'Fails unless the server has loaded the library at its start.';
COMMENT ON FUNCTION contact_guard.reveal(anyelement, "any", contact_guard.site) IS
	'Internal: returns the value or its mask, and records which. The planner puts it around each guarded column.';
COMMENT ON FUNCTION contact_guard.reveal_nullable(anyelement, "any", contact_guard.site) IS
	'Internal: as reveal(), where the key of the customer may be NULL.';
COMMENT ON FUNCTION contact_guard.open_customers(anyelement, contact_guard.site) IS
	'Internal: the customers whom mode hide shows to the actor.';
COMMENT ON FUNCTION contact_guard.filter_support(internal) IS
	'Internal: tells the planner how many rows visible() and found() let through.';
COMMENT ON FUNCTION contact_guard.visible("any", contact_guard.site) IS
	'Internal: does mode hide show rows of this customer to the actor?';
COMMENT ON FUNCTION contact_guard.compared("any", contact_guard.site) IS
	'Internal: records a row that a search compares by the stored value of a guarded column.';
COMMENT ON FUNCTION contact_guard.found("any", contact_guard.site) IS
	'Internal: records a customer whom a look-up by a guarded column has found.';
COMMENT ON FUNCTION contact_guard.keep(anyelement, anyelement, "any", contact_guard.site) IS
	'Internal: what an assignment to a guarded column stores. A mask leaves the stored value as it is.';
COMMENT ON FUNCTION contact_guard.unmasked(anyelement, contact_guard.site) IS
	'Internal: fails if a mask would be inserted into a guarded column.';
COMMENT ON FUNCTION contact_guard.statistics_visible(oid, smallint) IS
	'Internal: may the user see the statistics of this column?';
COMMENT ON FUNCTION contact_guard.statistics_ext_visible(oid) IS
	'Internal: may the user see these extended statistics?';
COMMENT ON FUNCTION contact_guard.discard_replicated() IS
	'Internal: keeps a subscription from writing the tables of this extension.';
COMMENT ON FUNCTION contact_guard.standing_permission() IS
	'The privilege to execute it makes a role''s rows of contact_guard.permission valid. allow() and disallow() grant and revoke it.';
COMMENT ON FUNCTION contact_guard.record_policy(text) IS
	'Internal: writes a record of event policy.';
COMMENT ON FUNCTION contact_guard.journal_origin() IS
	'The name of this database''s journal: system identifier and OID of the database.';
COMMENT ON FUNCTION contact_guard.customer_of_record(text) IS
	'The key of a customer as it stands in records. A long key is shortened.';
COMMENT ON FUNCTION contact_guard.leaf_encoding() IS
	'The encoding of text in leaves of the log''s tree.';
COMMENT ON FUNCTION contact_guard.leaf_field(integer, text) IS
	'A field of a leaf that holds text: number, kind, length and bytes.';
COMMENT ON FUNCTION contact_guard.leaf_field(integer, bytea, integer) IS
	'A field of a leaf that holds bytes: number, kind, length and bytes.';
COMMENT ON FUNCTION contact_guard.customer_commitment(bytea, text) IS
	'What a leaf has in place of the customer''s key: a hash of it and of a salt.';
COMMENT ON FUNCTION contact_guard.actor_commitment(bytea, text, text, text, text) IS
	'What a leaf has in place of actor, login, client and application: a hash of them and of a salt.';
COMMENT ON FUNCTION contact_guard.actor_commitment(smallint, bytea, text, text, text, text, text, text) IS
	'What a leaf of this version has in place of actor, login, client and application, and since version 2 of identity and technician: a hash of them and of a salt.';
COMMENT ON FUNCTION contact_guard.leaf_execution(text, text, bigint, bigint, text) IS
	'The fields of a leaf that lead to the reader: reason, session, statement, query_id, query.';
COMMENT ON FUNCTION contact_guard.execution_commitment(bytea, text, text, bigint, bigint, text) IS
	'What a leaf has in place of reason, session, statement, query_id and query since version 2: a hash of them and of a salt.';
COMMENT ON FUNCTION contact_guard.leaf_time(timestamptz) IS
	'A time as a leaf has it: microseconds since 1970.';
COMMENT ON FUNCTION contact_guard.evidence_stream(bigint, bigint) IS
	'Records as contact-guard verify reads them: several in a value, in binary form.';
COMMENT ON FUNCTION contact_guard.tile(integer, bigint) IS
	'A tile of the log''s tree: up to 256 hashes of a level.';
COMMENT ON TABLE contact_guard.log IS
	'The access log, with a partition for each month. Auditors use view access_log.';
COMMENT ON TABLE contact_guard.log_common IS
	'What many records of a month have in common. The log has its number; the views show its values.';
COMMENT ON TABLE contact_guard.query_text IS
	'The statements that records refer to, without their constants.';
COMMENT ON TABLE contact_guard.restored_log IS
	'Access logs of other databases, which a restored dump has brought.';
COMMENT ON TABLE contact_guard.held IS
	'Customers whose records a purge leaves alone: see hold() and release_hold().';
COMMENT ON TABLE contact_guard.journal_state IS
	'Internal: the journal of this database, and how much of it is in the log.';
COMMENT ON TABLE contact_guard.journal_key IS
	'Internal: the key that seals the records of the journal. No role can read it.';
COMMENT ON TABLE contact_guard.journal_passed IS
	'Messages of the journal that could not be stored as records. A record of event gap tells of each.';
COMMENT ON TABLE contact_guard.journal_session IS
	'Internal: the last message that was recorded of each session.';
COMMENT ON TABLE contact_guard.intervention IS
	'Interventions that open_intervention() has opened, for a CRM that keeps no visits itself.';
COMMENT ON TABLE contact_guard.tile_full IS
	'Full tiles of the log''s tree: 256 hashes each.';
COMMENT ON TABLE contact_guard.tile_edge IS
	'The hashes of the log''s tree that do not fill a tile yet.';
COMMENT ON TABLE contact_guard.signed_checkpoint IS
	'Signed statements of the size and the root hash of the log.';
COMMENT ON VIEW contact_guard.evidence_row IS
	'Records as the verifier needs them, with their statements.';

-- Columns.  The log, and each view and table that shows it, have the same comments.  The
-- months get them from the log (src/log/accesslog.c).
DO $$
DECLARE
	name  pg_catalog.text;
	what  pg_catalog.text;
	shows pg_catalog.regclass;
BEGIN
	FOR name, what IN SELECT * FROM (VALUES
		('seq', 'The number of the record, from 0, without holes. It is the record''s place in the tree.'),
		('read_at', 'When it happened.'),
		('event', 'What happened: shown, withheld, lookup, bulk, policy, audit_read, heartbeat, gap, purge, epoch, erasure, key, refused, conflict, start, failover, clock, window, report, disclosure, contact_offered, contact, contact_end, contact_refused or searched.'),
		('actor', 'Who read: a role, or the end user whom act_as() named.'),
		('login', 'The role that had logged in.'),
		('relation', 'The relation that was read, with its schema.'),
		('columns', 'The guarded columns that were read.'),
		('customer', 'The key of the customer.'),
		('count', 'How many rows or customers the record stands for.'),
		('intervention', 'The id of the intervention that was open, or that was the reason to withhold.'),
		('closed_at', 'When the intervention ended, if that is known.'),
		('purpose', 'The purpose of the standing permission, or: intervention.'),
		('reason', 'Why something was withheld or refused, or what was done.'),
		('client', 'The address of the client.'),
		('application', 'The application_name of the session.'),
		('session', 'The session, as %c in log_line_prefix. A record of a restored log has its origin before that.'),
		('statement', 'The number of the execution in its session.'),
		('query_id', 'The number of the statement in contact_guard.query_text.'),
		('query', 'The statement, without its constants.'),
		('customer_salt', 'The salt of the commitment to the customer.'),
		('actor_salt', 'The salt of the commitment to actor, login, client, application, identity and technician.'),
		('customer_commitment', 'The commitment to the customer, after erase_customer().'),
		('actor_commitment', 'The commitment to the actor, after erase_actor().'),
		('leaf_version', 'Which fields the leaf of the record has: see docs/evidence.md.'),
		('identity', 'How the name of the actor is known: role, if it is that of a role; asserted, if act_as() or act_as_session() was told it; contact, if a token of contact() names it; token: and the kid of a key, if a token has named it.'),
		('technician', 'Whose window has moved.'),
		('opens_at', 'When the window opens that showed the values, or that has moved.'),
		('closes_at', 'When this window closes.'),
		('previous_opens_at', 'When the window that has moved was to open.'),
		('previous_closes_at', 'When the window that has moved was to close.'),
		('execution_salt', 'The salt of the commitment to reason, session, statement, query_id and query, where the record has an erased value.'),
		('common', 'The number of the row of contact_guard.log_common that has what is NULL here. NULL if there is none.'),
		('origin', 'The journal that the record comes from: system identifier and OID of its database.')
	) AS v LOOP
		FOR shows IN SELECT attrelid FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid OPERATOR(pg_catalog.=) a.attrelid
		              WHERE a.attname OPERATOR(pg_catalog.=) name::pg_catalog.name AND a.attnum OPERATOR(pg_catalog.>) 0::pg_catalog.int2
		                AND c.relnamespace OPERATOR(pg_catalog.=) 'contact_guard'::pg_catalog.regnamespace::pg_catalog.oid
		                AND (c.relname OPERATOR(pg_catalog.=) ANY ('{log,restored_log,access_log,whole_log,evidence_row}'::pg_catalog.name[])
		                     OR EXISTS (SELECT FROM pg_catalog.pg_inherits
		                                 WHERE inhrelid OPERATOR(pg_catalog.=) c.oid
		                                   AND inhparent OPERATOR(pg_catalog.=) 'contact_guard.log'::pg_catalog.regclass::pg_catalog.oid)) LOOP
			EXECUTE pg_catalog.format('COMMENT ON COLUMN %s.%I IS %L'::pg_catalog.text, shows, name, what);
		END LOOP;
	END LOOP;
END
$$;
COMMENT ON COLUMN contact_guard.log_common.number IS 'Its number, which records have in their column common.';
COMMENT ON COLUMN contact_guard.log_common.month IS 'The month of these records.';
COMMENT ON COLUMN contact_guard.log_common.relation IS 'The relation that was read, with its schema.';
COMMENT ON COLUMN contact_guard.log_common.columns IS 'The guarded columns that were read.';
COMMENT ON COLUMN contact_guard.log_common.count IS 'How many rows or customers each record stands for.';
COMMENT ON COLUMN contact_guard.log_common.purpose IS 'The purpose of the standing permission, or: intervention.';
COMMENT ON COLUMN contact_guard.log_common.reason IS 'Why something was withheld, or shown.';
COMMENT ON COLUMN contact_guard.log_common.login_is_actor IS 'Is the role that had logged in the actor of each record that names none?';
COMMENT ON COLUMN contact_guard.log_common.identity IS 'How the name of the actor is known.';
COMMENT ON COLUMN contact_guard.query_text.query_id IS 'The number of the statement.';
COMMENT ON COLUMN contact_guard.query_text.query IS 'The statement, without its constants.';
COMMENT ON COLUMN contact_guard.query_text.used_in IS 'The month of the last record that needs it. NULL if that is not known.';
COMMENT ON COLUMN contact_guard.held.customer IS 'The key of the customer.';
COMMENT ON COLUMN contact_guard.held.reason IS 'Why the records are kept.';
COMMENT ON COLUMN contact_guard.held.held_by IS 'The role that has called hold().';
COMMENT ON COLUMN contact_guard.held.held_at IS 'The time of the call of hold().';
COMMENT ON COLUMN contact_guard.journal_passed.position IS 'Where in WAL the message begins.';
COMMENT ON COLUMN contact_guard.journal_passed.length IS 'Its length in bytes.';
COMMENT ON COLUMN contact_guard.journal_passed.sha256 IS 'The SHA-256 of its bytes.';
COMMENT ON COLUMN contact_guard.journal_passed.message IS 'Its bytes.';
COMMENT ON COLUMN contact_guard.journal_passed.passed_at IS 'When the recorder gave it up.';
COMMENT ON COLUMN contact_guard.permission.role IS 'The role that has the permission.';
COMMENT ON COLUMN contact_guard.permission.relation IS 'The relation that it is for. NULL for all guarded relations.';
COMMENT ON COLUMN contact_guard.permission.purpose IS 'What it is for. Each record has it.';
COMMENT ON COLUMN contact_guard.permission.level IS 'recorded: a record for each customer. bulk: one for an execution.';
COMMENT ON COLUMN contact_guard.trusted_functions.function IS 'The function.';
COMMENT ON COLUMN contact_guard.trusted_functions.reason IS 'Why it is trusted, as trust_function() was told.';
COMMENT ON COLUMN contact_guard.tile_full.level IS 'The level of the tree, 0 for the leaves'' hashes.';
COMMENT ON COLUMN contact_guard.tile_full.n IS 'The number of the tile in its level.';
COMMENT ON COLUMN contact_guard.tile_full.hashes IS '256 hashes of 32 bytes.';
COMMENT ON COLUMN contact_guard.tile_edge.level IS 'The level of the tree, 0 for the leaves'' hashes.';
COMMENT ON COLUMN contact_guard.tile_edge.hashes IS 'Fewer than 256 hashes of 32 bytes.';
COMMENT ON COLUMN contact_guard.signed_checkpoint.origin IS 'The name of the log.';
COMMENT ON COLUMN contact_guard.signed_checkpoint.size IS 'The number of records.';
COMMENT ON COLUMN contact_guard.signed_checkpoint.root IS 'The root hash of the tree.';
COMMENT ON COLUMN contact_guard.signed_checkpoint.note IS 'The signed note, with cosignatures.';
COMMENT ON COLUMN contact_guard.signed_checkpoint.signed_at IS 'When it was signed.';

DO $$
DECLARE
	name text;
BEGIN
	-- Each table of ours; a partition gets its parent's.
	FOR name IN SELECT c.relname FROM pg_catalog.pg_class c
	             WHERE c.relnamespace OPERATOR(pg_catalog.=) 'contact_guard'::pg_catalog.regnamespace::pg_catalog.oid
	               AND c.relkind OPERATOR(pg_catalog.=) ANY (ARRAY['r', 'p']::"char"[]) AND NOT c.relispartition LOOP
		EXECUTE pg_catalog.format('CREATE TRIGGER discard_replicated BEFORE INSERT OR UPDATE OR DELETE ON contact_guard.%I '
		                          'FOR EACH ROW EXECUTE FUNCTION contact_guard.discard_replicated()', name);
		EXECUTE pg_catalog.format('CREATE TRIGGER discard_truncate BEFORE TRUNCATE ON contact_guard.%I '
		                          'FOR EACH STATEMENT EXECUTE FUNCTION contact_guard.discard_replicated()', name);
		EXECUTE pg_catalog.format('ALTER TABLE contact_guard.%I ENABLE REPLICA TRIGGER discard_replicated, '
		                          'ENABLE REPLICA TRIGGER discard_truncate', name);
	END LOOP;
END
$$;
-- DELETE and UPDATE of a published table need a replica identity.  held has none on purpose.
ALTER TABLE contact_guard.permission REPLICA IDENTITY FULL;

-- What is in force, for admins and auditors.  Since when and by whom is in the log, where
-- a policy is known by the name of its relation: if several have that name, it is not told.
CREATE FUNCTION contact_guard.policy_problem(relation regclass) RETURNS text
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'cg_policy_problem';
REVOKE ALL ON FUNCTION contact_guard.policy_problem(regclass) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.policy_problem(regclass) IS
	'Why the policy of a guarded relation, or a relation of interventions, is broken; NULL if it is not.';
GRANT EXECUTE ON FUNCTION contact_guard.policy_problem(regclass) TO contact_guard_admin, contact_guard_auditor;

CREATE FUNCTION contact_guard.policy_change(what text, guarded regclass, OUT since timestamptz, OUT set_by text)
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
	SELECT l.read_at, l.actor
	  FROM contact_guard.log l
	 WHERE l.event = 'policy' AND starts_with(l.reason, what) AND what ~ '^(protect|allow|use interventions of) '
	   AND (guarded IS NULL OR 1 = (SELECT count(DISTINCT s.objoid) FROM pg_seclabel s JOIN pg_class c ON c.oid = s.objoid
	                                  WHERE s.provider = 'contact_guard' AND s.classoid = 'pg_class'::regclass
	                                    AND c.relnamespace <> 'contact_guard'::regnamespace
	                                    AND c.relname = (SELECT o.relname FROM pg_class o WHERE o.oid = guarded AND o.relnamespace <> 'contact_guard'::regnamespace)))
	 ORDER BY l.read_at DESC LIMIT 1$$;
REVOKE ALL ON FUNCTION contact_guard.policy_change(text, regclass) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.policy_change(text, regclass) IS
	'Internal: the newest record of a change of policy whose text begins like this.';
GRANT EXECUTE ON FUNCTION contact_guard.policy_change(text, regclass) TO contact_guard_admin, contact_guard_auditor;

CREATE FUNCTION contact_guard.list_policies(OUT relation regclass, OUT column_name name, OUT mask text, OUT reveal text, OUT customer name,
		OUT mode text, OUT fallback text, OUT since timestamptz, OUT set_by text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	WITH l AS MATERIALIZED (SELECT objoid, objsubid, label::json -> 'protect' AS label FROM pg_seclabel
	                         WHERE provider = 'contact_guard' AND classoid = 'pg_class'::regclass),
	     r AS MATERIALIZED (SELECT c.oid, c.relname, change.since, change.set_by, contact_guard.policy_problem(c.oid) AS problem
	                          FROM pg_class c, contact_guard.policy_change('protect ' || c.relname || ' (', c.oid) change
	                         WHERE c.oid IN (SELECT objoid FROM l WHERE label IS NOT NULL))
	SELECT r.oid::regclass, a.attname, l.label ->> 'mask', coalesce(l.label ->> 'reveal', 'value'), k.attname, t.label ->> 'mode', t.label ->> 'fallback', r.since, r.set_by, r.problem
	  FROM l JOIN r ON r.oid = l.objoid JOIN pg_attribute a ON a.attrelid = l.objoid AND a.attnum = l.objsubid
	  LEFT JOIN l t ON t.objoid = l.objoid AND t.objsubid = 0
	  LEFT JOIN (SELECT kl.objoid, ka.attname FROM l kl JOIN pg_attribute ka ON ka.attrelid = kl.objoid AND ka.attnum = kl.objsubid
	              WHERE kl.label::text = '"customer"') k ON k.objoid = l.objoid
	 WHERE l.objsubid > 0 AND l.label ->> 'mask' IS NOT NULL$$;
REVOKE ALL ON FUNCTION contact_guard.list_policies() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.list_policies() IS 'Internal: the rows of view policies.';
GRANT EXECUTE ON FUNCTION contact_guard.list_policies() TO contact_guard_admin, contact_guard_auditor;
CREATE VIEW contact_guard.policies AS SELECT * FROM contact_guard.list_policies();
REVOKE ALL ON contact_guard.policies FROM PUBLIC;
GRANT SELECT ON contact_guard.policies TO contact_guard_admin, contact_guard_auditor;
COMMENT ON VIEW contact_guard.policies IS 'The guarded columns: how, since when, by whom, and why the policy is broken. Children have what their parents have, and are not named.';

CREATE FUNCTION contact_guard.list_permissions(OUT role regrole, OUT relation regclass, OUT purpose text, OUT level text,
		OUT since timestamptz, OUT set_by text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT p.role, p.relation, p.purpose, p.level, change.since, change.set_by,
	       CASE WHEN r.oid IS NULL OR NOT EXISTS (SELECT FROM pg_proc f, aclexplode(f.proacl) a
	                          WHERE f.oid = 'contact_guard.standing_permission()'::regprocedure AND a.grantee = p.role)
	            THEN 'the role lacks the privilege that contact_guard.allow() grants' END
	  FROM contact_guard.permission p LEFT JOIN pg_roles r ON r.oid = p.role,
	       contact_guard.policy_change('allow ' || coalesce(r.rolname, p.role::text) || ' on ' ||
	            coalesce(p.relation::text, 'all relations') || ' for ', NULL) change$$;
REVOKE ALL ON FUNCTION contact_guard.list_permissions() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.list_permissions() IS 'Internal: the rows of view permissions.';
GRANT EXECUTE ON FUNCTION contact_guard.list_permissions() TO contact_guard_admin, contact_guard_auditor;
CREATE VIEW contact_guard.permissions AS SELECT * FROM contact_guard.list_permissions();
REVOKE ALL ON contact_guard.permissions FROM PUBLIC;
GRANT SELECT ON contact_guard.permissions TO contact_guard_admin, contact_guard_auditor;
COMMENT ON VIEW contact_guard.permissions IS 'Standing permissions: for what, since when, by whom, and why one has no effect.';

CREATE FUNCTION contact_guard.list_interventions(OUT relation regclass, OUT id name, OUT customer name, OUT technician name, OUT opens_at name,
		OUT closes_at name, OUT settings json, OUT since timestamptz, OUT set_by text, OUT problem text) RETURNS SETOF record
	LANGUAGE sql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
	WITH l AS MATERIALIZED (SELECT objoid, objsubid, label::json -> 'interventions' AS label FROM pg_seclabel
	                         WHERE provider = 'contact_guard' AND classoid = 'pg_class'::regclass),
	     k AS (SELECT l.objoid, l.label #>> '{}' AS what, a.attname FROM l JOIN pg_attribute a ON a.attrelid = l.objoid AND a.attnum = l.objsubid
	            WHERE l.objsubid > 0 AND l.label IS NOT NULL)
	SELECT l.objoid::regclass, (SELECT attname FROM k WHERE k.objoid = l.objoid AND what = 'id'),
	       (SELECT attname FROM k WHERE k.objoid = l.objoid AND what = 'customer'), (SELECT attname FROM k WHERE k.objoid = l.objoid AND what = 'technician'),
	       (SELECT attname FROM k WHERE k.objoid = l.objoid AND what = 'opens_at'), (SELECT attname FROM k WHERE k.objoid = l.objoid AND what = 'closes_at'),
	       l.label, change.since, change.set_by, contact_guard.policy_problem(l.objoid)
	  FROM l JOIN pg_class c ON c.oid = l.objoid, contact_guard.policy_change('use interventions of ' || c.relname || ':', c.oid) change
	 WHERE l.objsubid = 0 AND l.label IS NOT NULL$$;
REVOKE ALL ON FUNCTION contact_guard.list_interventions() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.list_interventions() IS 'Internal: the rows of view interventions.';
GRANT EXECUTE ON FUNCTION contact_guard.list_interventions() TO contact_guard_admin, contact_guard_auditor;
CREATE VIEW contact_guard.interventions AS SELECT * FROM contact_guard.list_interventions();
REVOKE ALL ON contact_guard.interventions FROM PUBLIC;
GRANT SELECT ON contact_guard.interventions TO contact_guard_admin, contact_guard_auditor;
COMMENT ON VIEW contact_guard.interventions IS 'The relations that windows are asked from, with their columns and settings, since when, by whom, and why one is broken.';
COMMENT ON COLUMN contact_guard.policies.relation IS 'The relation.';
COMMENT ON COLUMN contact_guard.policies.column_name IS 'The guarded column.';
COMMENT ON COLUMN contact_guard.policies.mask IS 'What stands for a withheld value.';
COMMENT ON COLUMN contact_guard.policies.reveal IS 'What an open intervention gives: the value, or relay: a way to call.';
COMMENT ON COLUMN contact_guard.policies.customer IS 'The column with the key of the customer.';
COMMENT ON COLUMN contact_guard.policies.mode IS 'mask, or hide.';
COMMENT ON COLUMN contact_guard.policies.fallback IS 'What guards the relation where the library is not loaded.';
COMMENT ON COLUMN contact_guard.policies.since IS 'When protect() was called last for the relation. NULL if the log does not say it.';
COMMENT ON COLUMN contact_guard.policies.set_by IS 'Who has called it.';
COMMENT ON COLUMN contact_guard.policies.problem IS 'Why the policy is broken: then no value is shown. NULL if it is not.';
COMMENT ON COLUMN contact_guard.permissions.role IS 'The role that has the permission.';
COMMENT ON COLUMN contact_guard.permissions.relation IS 'The relation that it is for. NULL for all guarded relations.';
COMMENT ON COLUMN contact_guard.permissions.purpose IS 'What it is for. Each record has it.';
COMMENT ON COLUMN contact_guard.permissions.level IS 'recorded: a record for each customer. bulk: one for an execution.';
COMMENT ON COLUMN contact_guard.permissions.since IS 'When allow() was called. NULL if the log does not say it.';
COMMENT ON COLUMN contact_guard.permissions.set_by IS 'Who has called it.';
COMMENT ON COLUMN contact_guard.permissions.problem IS 'Why it has no effect. NULL if it has.';
COMMENT ON COLUMN contact_guard.interventions.relation IS 'The table or view.';
COMMENT ON COLUMN contact_guard.interventions.id IS 'The column with the number of the intervention.';
COMMENT ON COLUMN contact_guard.interventions.customer IS 'The column with the key of the customer.';
COMMENT ON COLUMN contact_guard.interventions.technician IS 'The column with the name of the actor.';
COMMENT ON COLUMN contact_guard.interventions.opens_at IS 'The column with the time from which it is open.';
COMMENT ON COLUMN contact_guard.interventions.closes_at IS 'The column with the time until which it is open.';
COMMENT ON COLUMN contact_guard.interventions.settings IS 'open_when, early, late, longest and timezone, as they were given.';
COMMENT ON COLUMN contact_guard.interventions.since IS 'When use_interventions() was called. NULL if the log does not say it.';
COMMENT ON COLUMN contact_guard.interventions.set_by IS 'Who has called it.';
COMMENT ON COLUMN contact_guard.interventions.problem IS 'Why it is not asked. NULL if it is.';

-- Uses are found by what a record says about its permission: the role, as it was named then,
-- and the purpose; and if the permission is for one relation, by that and its children.
CREATE FUNCTION contact_guard.permission_use(since timestamptz DEFAULT '-infinity', until timestamptz DEFAULT 'infinity')
	RETURNS TABLE (role text, relation text, purpose text, level text, given_at timestamptz, given_by text,
	               records bigint, last_used timestamptz, problem text)
	LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp SET jit = off
	BEGIN ATOMIC
		WITH used AS MATERIALIZED (
			SELECT l.reason, l.purpose, l.relation, count(*) AS records, max(l.read_at) AS last_used
			  FROM contact_guard.access_log l
			 WHERE starts_with(l.reason, 'by role ') AND l.event IN ('shown', 'lookup', 'searched', 'bulk')
			   AND l.read_at >= permission_use.since AND l.read_at < permission_use.until
			 GROUP BY l.reason, l.purpose, l.relation)
		SELECT pg_get_userbyid(p.role)::text, p.relation::text, p.purpose, p.level, p.since, p.set_by,
		       coalesce(sum(u.records), 0)::bigint, max(u.last_used), p.problem
		  FROM contact_guard.permissions p
		       LEFT JOIN used u ON u.reason IN ('by role ' || pg_get_userbyid(p.role), 'by role ' || pg_get_userbyid(p.role) || '; durability relaxed')
		                       AND u.purpose = p.purpose
		                       AND (p.relation IS NULL OR EXISTS (
		                            WITH RECURSIVE family(relid) AS (SELECT p.relation::oid UNION
		                                 SELECT i.inhrelid FROM pg_inherits i JOIN family f ON i.inhparent = f.relid)
		                            SELECT FROM family f WHERE f.relid::regclass::text = u.relation))
		 GROUP BY p.role, p.relation, p.purpose, p.level, p.since, p.set_by, p.problem
		 ORDER BY 8 NULLS FIRST, 1, 2;
	END;
REVOKE ALL ON FUNCTION contact_guard.permission_use(timestamptz, timestamptz) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.permission_use(timestamptz, timestamptz) IS
	'The standing permissions, with how often and when each was last used; unused ones first.';
GRANT EXECUTE ON FUNCTION contact_guard.permission_use(timestamptz, timestamptz) TO contact_guard_auditor;

CREATE FUNCTION contact_guard.same_value(relation regclass, guarded name, customer text, among text[], how text DEFAULT 'value')
	RETURNS SETOF text
	LANGUAGE c VOLATILE STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', 'cg_same_value';
REVOKE ALL ON FUNCTION contact_guard.same_value(regclass, name, text, text[], text) FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.same_value(regclass, name, text, text[], text) IS
	'Those among the customers who have the same guarded value as this customer. Values are compared inside the guard.';
GRANT EXECUTE ON FUNCTION contact_guard.same_value(regclass, name, text, text[], text) TO contact_guard_auditor;

COMMENT ON TABLE contact_guard.category IS 'What reports call the members of a role: see reader_category().';
COMMENT ON COLUMN contact_guard.category.role IS 'The role.';
COMMENT ON COLUMN contact_guard.category.label IS 'What a report calls its members.';
COMMENT ON TABLE contact_guard.report IS 'Internal: the keys of the pseudonyms in reports. No role can read it.';
COMMENT ON COLUMN contact_guard.report.reference IS 'The reference that subject_report() was given.';
COMMENT ON COLUMN contact_guard.report.customer IS 'The key of the customer.';
COMMENT ON COLUMN contact_guard.report.key IS 'The key of the pseudonyms.';
COMMENT ON COLUMN contact_guard.report.made_in IS 'The transaction: its calls with one reference have one key.';
COMMENT ON COLUMN contact_guard.report.made_at IS 'When it was made.';
COMMENT ON TABLE contact_guard.disclosure IS 'The decisions to name readers of a report: see name_readers().';
COMMENT ON COLUMN contact_guard.disclosure.reference IS 'The reference of the report.';
COMMENT ON COLUMN contact_guard.disclosure.customer IS 'The key of the customer.';
COMMENT ON COLUMN contact_guard.disclosure.readers IS 'The pseudonyms whose names were given.';
COMMENT ON COLUMN contact_guard.disclosure.decision IS 'Who has decided it, and why.';
COMMENT ON COLUMN contact_guard.disclosure.salt IS 'The record of event disclosure has SHA-256 of this salt and the decision.';
COMMENT ON COLUMN contact_guard.disclosure.made_at IS 'When the readers were named.';

-- Begins this database's journal.  In a copy of the database the recorder begins another.
CREATE FUNCTION contact_guard.begin_journal() RETURNS void
	LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'cg_begin_journal';
REVOKE ALL ON FUNCTION contact_guard.begin_journal() FROM PUBLIC;
COMMENT ON FUNCTION contact_guard.begin_journal() IS
	'Internal: begins the journal of this database. The install script calls it.';
SELECT contact_guard.begin_journal();

SELECT contact_guard.use_interventions('contact_guard.intervention'::pg_catalog.regclass, customer => 'customer'::pg_catalog.name,
	technician => 'technician'::pg_catalog.name, opens_at => 'opens_at'::pg_catalog.name, closes_at => 'closes_at'::pg_catalog.name,
	open_when => 'closed_at IS NULL'::pg_catalog.text);
