-- what: aggregates, domains and casts of users that write nothing, chosen by masks beside a function that writes a log
-- outcome: masked
CREATE TABLE scratch.log (id bigint);
CREATE FUNCTION scratch.log(bigint) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN INSERT INTO scratch.log VALUES ($1); RETURN $1; END$$;
CREATE FUNCTION scratch.grows(bigint, bigint) RETURNS bigint VOLATILE LANGUAGE plpgsql AS $$BEGIN RETURN $1 + (SELECT count(*) FROM crm.note WHERE customer_id = $2); END$$;
CREATE FUNCTION scratch.joins(text, text) RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT coalesce($1 || ',', '') || $2$$;
CREATE FUNCTION scratch.shows(text) RETURNS text STABLE LANGUAGE plpgsql AS $$BEGIN RETURN '[' || $1 || ']'; END$$;
CREATE FUNCTION scratch.is_key(bigint) RETURNS bool VOLATILE LANGUAGE plpgsql AS $$BEGIN RETURN $1 > 0; END$$;
CREATE AGGREGATE scratch.grow(bigint) (sfunc = scratch.grows, stype = bigint, initcond = 0);
CREATE AGGREGATE scratch.list(text) (sfunc = scratch.joins, stype = text, finalfunc = scratch.shows);
CREATE AGGREGATE scratch.most(bigint) (sfunc = int8larger, stype = bigint);
CREATE DOMAIN scratch.plain AS bigint CHECK (VALUE > 0);
CREATE DOMAIN scratch.key AS bigint CHECK (scratch.is_key(VALUE));
CREATE TYPE scratch.pair AS (k scratch.plain, word text);
CREATE TYPE scratch.mood AS ENUM ('ok', 'none');
SELECT scratch.list(phone), scratch.list(DISTINCT email), scratch.grow(id) FILTER (WHERE phone IS NOT NULL), scratch.list(phone) FILTER (WHERE email <> '') FROM crm.customer WHERE id < 9;
SELECT phone, scratch.grow(id) FILTER (WHERE phone = 'WITHHELD') OVER (ORDER BY id), scratch.list(phone) OVER (ORDER BY id) FROM crm.customer ORDER BY id LIMIT 3;
SELECT phone, CASE WHEN phone = 'WITHHELD' THEN id::scratch.key END, ('(' || id || ',x)')::scratch.pair FROM crm.customer WHERE id IN (5, 7) ORDER BY id;
SELECT id FROM crm.customer GROUP BY id HAVING scratch.most(id) > 0 AND scratch.list(phone) IS NOT NULL ORDER BY id LIMIT 2;
INSERT INTO scratch.log SELECT id::scratch.key FROM crm.customer ORDER BY id;
INSERT INTO scratch.log SELECT scratch.grow(customer_id) FROM crm.note GROUP BY customer_id;
UPDATE crm.customer SET phone = COALESCE(NULL::text, phone), name = 'name ' || id::scratch.key WHERE id IN (41, 42) RETURNING phone, CASE WHEN phone = 'WITHHELD' THEN id::scratch.key END;
-- A function that writes, called for each row
SELECT scratch.log(id), phone, CASE WHEN phone = 'WITHHELD' THEN id::scratch.plain ELSE (('{' || id || '}')::scratch.plain[])[1] END, CASE WHEN phone IS NULL THEN 'none' ELSE 'ok' END::scratch.mood, CASE WHEN email IS NULL THEN to_json(name) ELSE json_build_object('phone', phone, 'pair', ROW(id, name)::scratch.pair) END FROM crm.customer WHERE id IN (5, 7);
SELECT scratch.log(max(id)), scratch.most(id) FILTER (WHERE phone = 'WITHHELD'), count(DISTINCT phone), string_agg(DISTINCT phone, ',' ORDER BY phone) FILTER (WHERE email IS NOT NULL) FROM crm.customer;
