-- A server as contact-guard sees it, made of plain tables: leaves and tree are
-- computed here in SQL, by RFC 6962's recursion and without any of our C.
--
-- Fill contact_guard.mock_row, CALL contact_guard.mock_build(), sign what
-- contact_guard.mock_text() returns and put the note into contact_guard.mock_note.

CREATE SCHEMA contact_guard;

CREATE TABLE contact_guard.mock_row (
	seq bigint PRIMARY KEY, event text NOT NULL, read_at timestamptz NOT NULL, actor text, login text,
	relation text, columns text[], customer text, count bigint, intervention text,
	closed_at timestamptz, purpose text, reason text, client text, application text,
	session text, statement bigint, query_id bigint, query text, customer_salt bytea,
	actor_salt bytea, customer_commitment bytea, actor_commitment bytea,
	leaf_version smallint NOT NULL DEFAULT 1, identity text, technician text, opens_at timestamptz,
	closes_at timestamptz, previous_opens_at timestamptz, previous_closes_at timestamptz, execution_salt bytea);
-- As first logged: what the tree is made of, whatever becomes of the rows.
CREATE TABLE contact_guard.mock_node (height int, i bigint, hash bytea, PRIMARY KEY (height, i));
CREATE TABLE contact_guard.mock_tile (level int, n bigint, hashes bytea, PRIMARY KEY (level, n));
CREATE TABLE contact_guard.mock_note (size bigint, note text);
CREATE VIEW contact_guard.signed_checkpoint AS
	SELECT split_part(note, E'\n', 1) AS origin, size, note FROM contact_guard.mock_note;
CREATE TABLE contact_guard.mock_key (vkey text);
CREATE TABLE contact_guard.mock_cosigned (note text);

CREATE FUNCTION contact_guard.mock_field(number int, value bytea, kind int = 1) RETURNS bytea
	IMMUTABLE LANGUAGE sql AS $$
	SELECT int2send(number::int2) || CASE WHEN value IS NULL THEN '\x00' ELSE
		set_byte('\x00', 0, kind) || int4send(length(value)) || value END $$;
CREATE FUNCTION contact_guard.mock_text_field(number int, value text) RETURNS bytea IMMUTABLE LANGUAGE sql AS
	$$ SELECT contact_guard.mock_field(number, convert_to(value, 'UTF8')) $$;
CREATE FUNCTION contact_guard.mock_time(value timestamptz) RETURNS bytea IMMUTABLE LANGUAGE sql AS
	$$ SELECT CASE value WHEN 'infinity' THEN '\x7fffffffffffffff' WHEN '-infinity' THEN '\x8000000000000000'
		ELSE int8send((extract(epoch FROM value) * 1000000)::int8) END $$;
CREATE FUNCTION contact_guard.leaf_time(value timestamptz) RETURNS bytea IMMUTABLE LANGUAGE sql AS
	$$ SELECT contact_guard.mock_time(value) $$;
CREATE FUNCTION contact_guard.mock_group(number int, salt bytea, kept bytea, fields bytea) RETURNS bytea
	IMMUTABLE LANGUAGE sql AS $$
	SELECT contact_guard.mock_field(number, CASE WHEN salt IS NULL THEN kept ELSE
		sha256('contact_guard/commit/v1'::bytea || '\x0a' || int2send(number::int2) || salt || fields) END, 2) $$;

CREATE FUNCTION contact_guard.mock_execution(r contact_guard.mock_row) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
	SELECT contact_guard.mock_text_field(11, r.reason)
		|| contact_guard.mock_text_field(12, r.session)
		|| contact_guard.mock_field(13, int8send(r.statement))
		|| contact_guard.mock_field(14, int8send(r.query_id))
		|| contact_guard.mock_field(15, sha256(convert_to(r.query, 'UTF8'))) $$;
CREATE FUNCTION contact_guard.mock_leaf(r contact_guard.mock_row) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
	SELECT 'contact_guard/leaf/v1'::bytea || '\x0a'
		|| set_byte('\x00', 0, array_position('{shown,withheld,lookup,bulk,policy,audit_read,heartbeat,gap,purge,epoch,erasure,key,refused,conflict,start,failover,clock,tomorrow}'::text[], r.event))
		|| int2send(r.leaf_version) || int2send(CASE r.leaf_version WHEN 3 THEN 16 ELSE 15 END::int2)
		|| contact_guard.mock_field(1, int8send(r.seq))
		|| contact_guard.mock_field(2, contact_guard.mock_time(r.read_at))
		|| contact_guard.mock_group(3, r.customer_salt, r.customer_commitment,
			contact_guard.mock_text_field(3, r.customer))
		|| contact_guard.mock_group(4, r.actor_salt, r.actor_commitment,
			contact_guard.mock_text_field(20, r.actor) || contact_guard.mock_text_field(21, r.login)
			|| contact_guard.mock_text_field(22, r.client) || contact_guard.mock_text_field(23, r.application)
			|| CASE r.leaf_version WHEN 1 THEN '' ELSE contact_guard.mock_text_field(24, r.identity)
				|| contact_guard.mock_text_field(25, r.technician) END)
		|| contact_guard.mock_text_field(5, r.relation)
		|| contact_guard.mock_field(6, CASE WHEN r.columns IS NOT NULL THEN coalesce((
			SELECT string_agg(int4send(length(convert_to(c, 'UTF8'))) || convert_to(c, 'UTF8'), ''::bytea ORDER BY o)
			FROM unnest(r.columns) WITH ORDINALITY u(c, o)), '') END)
		|| contact_guard.mock_field(7, int8send(r.count))
		|| contact_guard.mock_text_field(8, r.intervention)
		|| contact_guard.mock_field(9, contact_guard.mock_time(r.closed_at))
		|| contact_guard.mock_text_field(10, r.purpose)
		|| CASE r.leaf_version WHEN 1 THEN contact_guard.mock_execution(r) ELSE
			contact_guard.mock_field(16, contact_guard.mock_time(r.opens_at))
			|| contact_guard.mock_field(17, contact_guard.mock_time(r.closes_at))
			|| contact_guard.mock_field(18, contact_guard.mock_time(r.previous_opens_at))
			|| contact_guard.mock_field(19, contact_guard.mock_time(r.previous_closes_at))
			|| contact_guard.mock_group(26, r.execution_salt, NULL, contact_guard.mock_execution(r)) END
		-- of a version that only test/t/117_versions.pl knows
		|| CASE r.leaf_version WHEN 3 THEN contact_guard.mock_field(27, int8send(r.count)) ELSE '' END $$;

-- Rows that have no leaf yet become leaves; perfect subtrees, then tiles, are made of them.
CREATE PROCEDURE contact_guard.mock_build() LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO contact_guard.mock_node
		SELECT 0, seq, sha256('\x00' || contact_guard.mock_leaf(r)) FROM contact_guard.mock_row r
		WHERE seq > (SELECT coalesce(max(i), -1) FROM contact_guard.mock_node WHERE height = 0);
	FOR h IN 1 .. 40 LOOP
		INSERT INTO contact_guard.mock_node
			SELECT h, i / 2, sha256('\x01' || string_agg(hash, ''::bytea ORDER BY i)) FROM contact_guard.mock_node
			WHERE height = h - 1 AND i / 2 > (SELECT coalesce(max(i), -1) FROM contact_guard.mock_node WHERE height = h)
			GROUP BY i / 2 HAVING count(*) = 2;
		EXIT WHEN NOT FOUND;
	END LOOP;
	DELETE FROM contact_guard.mock_tile;
	INSERT INTO contact_guard.mock_tile
		SELECT height / 8, i / 256, string_agg(hash, ''::bytea ORDER BY i) FROM contact_guard.mock_node
		WHERE height % 8 = 0 GROUP BY 1, 2;
END $$;

-- MTH(D[first:last])
CREATE FUNCTION contact_guard.mock_mth(first bigint, last bigint) RETURNS bytea LANGUAGE plpgsql AS $$
DECLARE
	k bigint := 1;
	h int := 0;
BEGIN
	IF first = last THEN RETURN sha256(''); END IF;
	WHILE k * 2 < last - first LOOP k := k * 2; h := h + 1; END LOOP;
	IF last - first = 1 THEN
		RETURN (SELECT hash FROM contact_guard.mock_node WHERE height = 0 AND i = first);
	ELSIF last - first = k * 2 THEN
		RETURN (SELECT hash FROM contact_guard.mock_node WHERE height = h + 1 AND i = first / (k * 2));
	END IF;
	RETURN sha256('\x01' || contact_guard.mock_mth(first, first + k) || contact_guard.mock_mth(first + k, last));
END $$;

CREATE FUNCTION contact_guard.mock_path(m bigint, first bigint, last bigint) RETURNS bytea[] LANGUAGE plpgsql AS $$
DECLARE
	k bigint := 1;
BEGIN
	IF last - first = 1 THEN RETURN '{}'; END IF;
	WHILE k * 2 < last - first LOOP k := k * 2; END LOOP;
	IF m < k THEN
		RETURN contact_guard.mock_path(m, first, first + k) || contact_guard.mock_mth(first + k, last);
	END IF;
	RETURN contact_guard.mock_path(m - k, first + k, last) || contact_guard.mock_mth(first, first + k);
END $$;

CREATE FUNCTION contact_guard.mock_subproof(m bigint, first bigint, last bigint, whole boolean) RETURNS bytea[]
	LANGUAGE plpgsql AS $$
DECLARE
	k bigint := 1;
BEGIN
	IF m = last - first THEN
		RETURN CASE WHEN whole THEN '{}' ELSE ARRAY[contact_guard.mock_mth(first, last)] END;
	END IF;
	WHILE k * 2 < last - first LOOP k := k * 2; END LOOP;
	IF m <= k THEN
		RETURN contact_guard.mock_subproof(m, first, first + k, whole) || contact_guard.mock_mth(first + k, last);
	END IF;
	RETURN contact_guard.mock_subproof(m - k, first + k, last, false) || contact_guard.mock_mth(first, first + k);
END $$;

-- The text of a checkpoint, to be signed.
CREATE FUNCTION contact_guard.mock_text(origin text, size bigint) RETURNS text LANGUAGE sql AS $$
	SELECT origin || E'\n' || size || E'\n' || encode(contact_guard.mock_mth(0, size), 'base64') || E'\n' $$;

-- What contact-guard asks for.
CREATE FUNCTION contact_guard.checkpoint() RETURNS text LANGUAGE sql AS
	$$ SELECT note FROM contact_guard.mock_note ORDER BY size DESC LIMIT 1 $$;
-- A log that is alive: each look at its checkpoint shows a row more, from first to last.  Verify,
-- which waits for later records that would explain what it has found, has soon seen two later
-- checkpoints, and does not wait for a log that stands still.  mock_stand(): it stands still again.
CREATE SEQUENCE contact_guard.mock_look;
CREATE PROCEDURE contact_guard.mock_grow(first bigint, last bigint) LANGUAGE plpgsql AS $$
BEGIN
	ALTER SEQUENCE contact_guard.mock_look RESTART;
	EXECUTE format('CREATE OR REPLACE FUNCTION contact_guard.checkpoint() RETURNS text LANGUAGE plpgsql AS ''
		DECLARE size_now bigint := least(nextval(''''contact_guard.mock_look'''') + %s, %s);
		BEGIN RETURN (SELECT note FROM contact_guard.mock_note WHERE size = size_now LIMIT 1); END''', first - 1, last);
END $$;
CREATE PROCEDURE contact_guard.mock_stand() LANGUAGE plpgsql AS $$
BEGIN
	CREATE OR REPLACE FUNCTION contact_guard.checkpoint() RETURNS text LANGUAGE sql AS
		'SELECT note FROM contact_guard.mock_note ORDER BY size DESC LIMIT 1';
END $$;
CREATE FUNCTION contact_guard.verification_key() RETURNS text LANGUAGE sql AS
	$$ SELECT string_agg(vkey, E'\n') FROM contact_guard.mock_key $$;
CREATE FUNCTION contact_guard.consistency_proof(old bigint, new bigint) RETURNS bytea[] LANGUAGE sql AS $$
	SELECT CASE WHEN old = 0 OR old = new THEN '{}' ELSE contact_guard.mock_subproof(old, 0, new, true) END $$;
CREATE FUNCTION contact_guard.inclusion_proof(seq bigint, size bigint) RETURNS bytea[] LANGUAGE sql AS
	$$ SELECT contact_guard.mock_path(seq, 0, size) $$;
CREATE FUNCTION contact_guard.tile(level integer, n bigint) RETURNS bytea LANGUAGE sql AS
	$$ SELECT hashes FROM contact_guard.mock_tile t WHERE t.level = tile.level AND t.n = tile.n $$;
CREATE FUNCTION contact_guard.leaf(seq bigint) RETURNS bytea LANGUAGE sql AS
	$$ SELECT contact_guard.mock_leaf(r) FROM contact_guard.mock_row r WHERE r.seq = leaf.seq $$;
CREATE FUNCTION contact_guard.add_cosignature(note text) RETURNS void LANGUAGE sql AS
	$$ INSERT INTO contact_guard.mock_cosigned VALUES (note) $$;
CREATE FUNCTION contact_guard.mock_binary(VARIADIC fields bytea[]) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
	SELECT int2send(cardinality(fields)::int2)
		|| string_agg(CASE WHEN f IS NULL THEN int4send(-1) ELSE int4send(octet_length(f)) || f END, '' ORDER BY i)
	  FROM unnest(fields) WITH ORDINALITY u(f, i) $$;
-- In another order than the extension's, and with a column that nobody knows.
CREATE FUNCTION contact_guard.mock_header(VARIADIC names text[]) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
	SELECT int2send(-1::int2) || int2send(2::int2) || int2send(cardinality(names)::int2)
		|| string_agg(int4send(octet_length(n)) || textsend(n), ''::bytea ORDER BY i)
	  FROM unnest(names) WITH ORDINALITY u(n, i) $$;
CREATE FUNCTION contact_guard.evidence_stream(first bigint, last bigint) RETURNS SETOF bytea STABLE LANGUAGE sql AS $$
	SELECT contact_guard.mock_header('weather', 'leaf_version', 'query', 'seq', 'event', 'read_at', 'actor', 'login', 'relation',
			'columns', 'customer', 'count', 'intervention', 'closed_at', 'purpose', 'reason', 'client', 'application', 'session',
			'statement', 'query_id', 'customer_salt', 'actor_salt', 'customer_commitment', 'actor_commitment', 'identity', 'technician',
			'opens_at', 'closes_at', 'previous_opens_at', 'previous_closes_at', 'execution_salt')
	UNION ALL
	SELECT * FROM (
	SELECT contact_guard.mock_binary('fair', int2send(leaf_version), textsend(query), int8send(seq), textsend(event),
			timestamptz_send(read_at), textsend(actor),
			textsend(login), textsend(relation), array_send(columns), textsend(customer), int8send(count),
			textsend(intervention), timestamptz_send(closed_at), textsend(purpose), textsend(reason), textsend(client),
			textsend(application), textsend(session), int8send(statement), int8send(query_id),
			customer_salt, actor_salt, customer_commitment, actor_commitment, textsend(identity), textsend(technician),
			timestamptz_send(opens_at), timestamptz_send(closes_at), timestamptz_send(previous_opens_at),
			timestamptz_send(previous_closes_at), execution_salt)
	  FROM contact_guard.mock_row WHERE seq BETWEEN first AND last ORDER BY seq) rows $$;

-- Rows of every sort, from..to.
CREATE PROCEDURE contact_guard.mock_fill(first bigint, last bigint) LANGUAGE sql AS $$
	INSERT INTO contact_guard.mock_row
		SELECT i, CASE WHEN i % 10 = 9 THEN 'heartbeat' WHEN i % 10 = 5 THEN 'withheld' ELSE 'shown' END,
			timestamptz '2026-01-02 03:04:05.678901+00' + i * interval '1.000001 s',
			CASE WHEN i % 10 < 9 THEN 'müller' END, CASE WHEN i % 10 < 9 THEN 'crm_app' END,
			CASE WHEN i % 10 < 9 THEN 'crm.customer' END,
			CASE WHEN i % 10 < 9 THEN CASE WHEN i % 10 = 3 THEN '{}' ELSE '{phone,"e \"mail",téléphone}' END::text[] END,
			CASE WHEN i % 10 < 8 THEN i::text END, i % 10, CASE WHEN i % 2 = 0 THEN '4711' END,
			CASE WHEN i % 10 = 5 THEN timestamptz '1969-12-31 23:59:59.5+00' END,
			'intervention', CASE WHEN i % 10 = 5 THEN 'window closed' END,
			CASE WHEN i % 10 < 9 THEN '192.0.2.7' END, CASE WHEN i % 10 < 9 THEN 'crm' END,
			'6957312c.1092', i, -i, 'SELECT phone FROM crm.customer WHERE id = $' || i % 7,
			CASE WHEN i % 10 < 9 THEN sha256(int8send(i)) END, CASE WHEN i % 10 < 9 THEN sha256(int8send(-i)) END
		FROM generate_series(first, last) i $$;
-- The same, as of the second version of leaves or a later one.
CREATE PROCEDURE contact_guard.mock_renew(first bigint, last bigint, version integer) LANGUAGE sql AS $$
	UPDATE contact_guard.mock_row
	   SET leaf_version = version, identity = CASE WHEN seq % 10 < 9 THEN CASE seq % 3 WHEN 0 THEN 'role' ELSE 'asserted' END END,
	       technician = CASE WHEN seq % 10 = 7 THEN 'anna' END,
	       opens_at = CASE seq % 10 WHEN 0 THEN read_at - interval '1 h' WHEN 1 THEN '-infinity' WHEN 7 THEN '1969-12-31 23:59:59.5+00' END,
	       closes_at = CASE seq % 10 WHEN 0 THEN read_at + interval '1 h' WHEN 1 THEN 'infinity' WHEN 7 THEN '2026-01-01 00:00+00' END,
	       previous_opens_at = CASE seq % 10 WHEN 7 THEN '2025-12-31 00:00+00'::timestamptz END,
	       previous_closes_at = CASE seq % 10 WHEN 7 THEN 'infinity'::timestamptz END,
	       execution_salt = sha256(int8send(seq * 1000))
	 WHERE seq BETWEEN first AND last $$;

-- What auditors read, and what a dump has brought.  The functions that answer questions are
-- those of the install script: Mock.pm.
CREATE TABLE contact_guard.restored_log (
	seq bigint NOT NULL, read_at timestamptz NOT NULL, event text NOT NULL, actor text, login text,
	relation text, columns text[], customer text, count bigint NOT NULL, intervention text,
	closed_at timestamptz, purpose text, reason text, client text, application text,
	session text, statement bigint, query_id bigint, customer_salt bytea,
	actor_salt bytea, customer_commitment bytea, actor_commitment bytea, origin text NOT NULL,
	leaf_version smallint NOT NULL DEFAULT 1, identity text, technician text, opens_at timestamptz,
	closes_at timestamptz, previous_opens_at timestamptz, previous_closes_at timestamptz, execution_salt bytea);
-- verify counts its rows without an index
CREATE VIEW contact_guard.log AS SELECT seq FROM contact_guard.mock_row;
CREATE TABLE contact_guard.query_text (query_id bigint PRIMARY KEY, query text NOT NULL);
CREATE FUNCTION contact_guard.journal_origin() RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT 'mock/1' $$;
CREATE FUNCTION contact_guard.customer_of_record(customer text) RETURNS text IMMUTABLE LANGUAGE sql AS $$ SELECT customer $$;
CREATE VIEW contact_guard.whole_log AS
	SELECT seq, read_at, event, actor, login, relation, columns, customer, count, intervention, closed_at, purpose,
	       reason, client, application, session, statement, query_id, contact_guard.journal_origin() AS origin, query, identity,
	       technician, opens_at, closes_at, previous_opens_at, previous_closes_at
	  FROM contact_guard.mock_row
	UNION ALL
	SELECT seq, read_at, event, actor, login, relation, columns, customer, count, intervention, closed_at, purpose,
	       reason, client, application, session, statement, query_id, origin, q.query, identity,
	       technician, opens_at, closes_at, previous_opens_at, previous_closes_at
	  FROM contact_guard.restored_log LEFT JOIN contact_guard.query_text q USING (query_id);
CREATE VIEW contact_guard.access_log AS
	SELECT seq, read_at, event, actor, login, relation, columns, customer, count, intervention, purpose, reason, client, application,
	       CASE WHEN origin = contact_guard.journal_origin() THEN session ELSE concat_ws(':', origin, session) END AS session,
	       statement, query_id, query, identity, technician, opens_at, closes_at, previous_opens_at, previous_closes_at
	  FROM contact_guard.whole_log;
