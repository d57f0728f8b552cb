-- The CRM of the mediation suite, made once.  Guarded values are markers: GUARDED-0042-PHONE
-- is the phone of customer 42.  No part of a marker is in a mask.
-- anna has an open window at customer 7 and one at 42 that has ended; dispatcher has a standing
-- permission; bob, owner, pool, filer and bypass have neither.
\set ON_ERROR_STOP on
SET client_min_messages = error;
CREATE EXTENSION contact_guard;
CREATE EXTENSION postgres_fdw;
CREATE ROLE owner LOGIN;
CREATE ROLE anna LOGIN;
CREATE ROLE bob LOGIN;
CREATE ROLE dispatcher LOGIN;
CREATE ROLE admin LOGIN IN ROLE contact_guard_admin, owner;
CREATE ROLE pool LOGIN IN ROLE contact_guard_proxy, dispatcher;
CREATE ROLE filer LOGIN IN ROLE pg_write_server_files;
CREATE ROLE bypass LOGIN BYPASSRLS;
GRANT bob TO anna;

-- What the suite itself needs
CREATE SCHEMA mediation;
GRANT USAGE ON SCHEMA mediation TO PUBLIC;
CREATE FUNCTION mediation.mark(customer bigint, what text DEFAULT 'FOUND') RETURNS text IMMUTABLE PARALLEL SAFE LANGUAGE sql
	AS $$SELECT 'GUARDED-' || lpad(customer::text, 4, '0') || '-' || what$$;

CREATE SCHEMA crm AUTHORIZATION owner;
GRANT USAGE ON SCHEMA crm TO PUBLIC;
CREATE SCHEMA scratch;
GRANT ALL ON SCHEMA scratch TO PUBLIC;
SET ROLE owner;
CREATE TABLE crm.customer (id bigint PRIMARY KEY, name text NOT NULL CHECK (name <> 'bad'), city text,
	phone text UNIQUE, mobile varchar(40), email text);
CREATE TABLE crm.visit (id int PRIMARY KEY, customer_id bigint, technician name,
	starts_at timestamptz, ends_at timestamptz, status text);
CREATE INDEX ON crm.visit (technician, starts_at);
CREATE TABLE crm.note (id int PRIMARY KEY, customer_id bigint, word text);
CREATE TABLE crm.site (id int, zone text, customer_id bigint, door text) PARTITION BY LIST (zone);
CREATE TABLE crm.site_n PARTITION OF crm.site FOR VALUES IN ('n');
CREATE TABLE crm.site_s (door text, customer_id bigint, id int, zone text);
ALTER TABLE crm.site ATTACH PARTITION crm.site_s FOR VALUES IN ('s');
CREATE TABLE crm.person (id bigint, phone text);
CREATE TABLE crm.vip (note text) INHERITS (crm.person);
CREATE TABLE crm.parts (id bigint PRIMARY KEY, phones text[], more jsonb);
-- Hidden
CREATE TABLE crm.depot (id bigint PRIMARY KEY, customer_id bigint, code text, note text);
CREATE INDEX ON crm.depot (customer_id);
CREATE TABLE crm.area (id int, zone text, customer_id bigint, code text, note text) PARTITION BY LIST (zone);
CREATE TABLE crm.area_n PARTITION OF crm.area FOR VALUES IN ('n');
CREATE TABLE crm.area_s (note text, code text, customer_id bigint, id int, zone text);
ALTER TABLE crm.area ATTACH PARTITION crm.area_s FOR VALUES IN ('s');
-- Statistics of what is hidden and unguarded have cases of their own, 739 and 778.
ALTER TABLE crm.depot ALTER note SET STATISTICS 0;
ALTER TABLE crm.area ALTER note SET STATISTICS 0;
GRANT ALL ON ALL TABLES IN SCHEMA crm TO anna, bob, dispatcher, pool, admin, filer, bypass;
RESET ROLE;

CREATE FUNCTION mediation.fill() RETURNS void LANGUAGE plpgsql AS $$BEGIN
	TRUNCATE crm.customer, crm.visit, crm.note, crm.site, crm.person, crm.vip, crm.parts, crm.depot, crm.area;
	INSERT INTO crm.customer SELECT i, 'name ' || i, 'city ' || i % 3,
		mediation.mark(i, 'PHONE'), mediation.mark(i, 'MOBILE'), mediation.mark(i, 'EMAIL')
		FROM generate_series(1, 60) i;
	INSERT INTO crm.visit VALUES
		(1, 7, 'anna', now() - interval '1 hour', now() + interval '1 day', 'on_site'),
		(2, 42, 'anna', now() - interval '2 days', now() - interval '1 day', 'on_site'),
		(3, 43, 'anna', now() - interval '1 hour', now() + interval '1 day', 'planned');
	INSERT INTO crm.note VALUES (1, 42, 'word 1'), (2, 7, 'word 2');
	INSERT INTO crm.site SELECT i, CASE WHEN i < 42 THEN 'n' ELSE 's' END, i, mediation.mark(i, 'DOOR')
		FROM generate_series(1, 60) i;
	INSERT INTO crm.depot SELECT i, i, mediation.mark(i, 'CODE'), CASE i WHEN 7 THEN 'note' ELSE mediation.mark(i, 'NOTE') END
		FROM generate_series(1, 60) i;
	INSERT INTO crm.area SELECT id, CASE WHEN id < 42 THEN 'n' ELSE 's' END, customer_id, code, note FROM crm.depot;
	INSERT INTO crm.person VALUES (41, mediation.mark(41, 'PERSON'));
	INSERT INTO crm.vip VALUES (42, mediation.mark(42, 'PERSON'), 'v'), (7, mediation.mark(7, 'PERSON'), 'v');
	INSERT INTO crm.parts VALUES (42, ARRAY['a', mediation.mark(42, 'PARTS')], jsonb_build_object('a', 1, 'tel', mediation.mark(42, 'PARTS'))),
		(7, ARRAY['a', mediation.mark(7, 'PARTS')], jsonb_build_object('a', 1, 'tel', mediation.mark(7, 'PARTS')));
END$$;
SELECT mediation.fill();

-- Everything stored in the guarded tables, and what of it should not be stored elsewhere
CREATE FUNCTION mediation.digest() RETURNS text LANGUAGE sql AS $$
	SELECT md5(concat_ws('|', (SELECT string_agg(c::text, ',' ORDER BY id) FROM crm.customer c),
		(SELECT string_agg(s::text, ',' ORDER BY id, zone) FROM crm.site s),
		(SELECT string_agg(p.tableoid::text || p::text, ',' ORDER BY id) FROM crm.person p),
		(SELECT string_agg(p::text, ',' ORDER BY id) FROM crm.parts p),
		(SELECT string_agg(d::text, ',' ORDER BY id) FROM crm.depot d),
		(SELECT string_agg(a::text, ',' ORDER BY id) FROM crm.area a)))$$;
CREATE FUNCTION mediation.other_digest() RETURNS text LANGUAGE sql AS $$
	SELECT md5(concat_ws('|', (SELECT string_agg(v::text, ',' ORDER BY id) FROM crm.visit v),
		(SELECT string_agg(n::text, ',' ORDER BY id) FROM crm.note n)))$$;
CREATE FUNCTION mediation.stored() RETURNS text LANGUAGE plpgsql AS $$
DECLARE r regclass; n bigint; found_in text := ''; BEGIN
	FOR r IN SELECT c.oid::regclass FROM pg_class c JOIN pg_namespace s ON s.oid = relnamespace
	          WHERE relkind IN ('r', 'm') AND nspname IN ('scratch', 'crm', 'public')
	            AND NOT EXISTS (SELECT FROM pg_seclabel l WHERE l.objoid = c.oid AND provider = 'contact_guard')
	            AND c.oid NOT IN ('crm.customer'::regclass, 'crm.site_n'::regclass, 'crm.site_s'::regclass,
	                              'crm.person'::regclass, 'crm.vip'::regclass, 'crm.parts'::regclass,
	                              'crm.depot'::regclass, 'crm.area_n'::regclass, 'crm.area_s'::regclass)
	            AND relispopulated
	LOOP
		EXECUTE format($q$SELECT count(*) FROM ONLY %s t WHERE t::text ~ 'GUARDED-|WITHHELD|[*]{6}'$q$, r) INTO n;
		IF n > 0 THEN found_in := found_in || r || ' '; END IF;
	END LOOP;
	SELECT count(*) INTO n FROM crm.customer WHERE name ~ 'GUARDED-|WITHHELD|[*]{6}' OR city ~ 'GUARDED-|WITHHELD|[*]{6}';
	IF n > 0 THEN found_in := found_in || 'customer.name '; END IF;
	RETURN found_in;
END$$;
-- Protects a table that a case has made; not in a run that shows what the guard does.
CREATE FUNCTION mediation.guard(relation regclass, customer name, columns name[], mask text DEFAULT 'constant(WITHHELD)') RETURNS void
	LANGUAGE plpgsql AS $$BEGIN
		IF current_setting('mediation.unguarded', true) IS DISTINCT FROM 'yes' THEN
			PERFORM contact_guard.protect(relation, customer, columns, mask);
		END IF;
	END$$;

-- The policy
SELECT contact_guard.use_interventions('crm.visit', customer => 'customer_id', technician => 'technician',
	opens_at => 'starts_at', closes_at => 'ends_at', open_when => $$status = 'on_site'$$);
SELECT contact_guard.protect('crm.customer', 'id', '{phone}', 'constant(WITHHELD)');
SELECT contact_guard.protect('crm.customer', 'id', '{mobile}', 'partial(0,0)');
SELECT contact_guard.protect('crm.customer', 'id', '{email}', 'null');
SELECT contact_guard.protect('crm.site', 'customer_id', '{door}', 'constant(WITHHELD)');
SELECT contact_guard.protect('crm.person', 'id', '{phone}', 'constant(WITHHELD)');
SELECT contact_guard.protect('crm.parts', 'id', '{phones,more}', 'null');
SELECT contact_guard.protect('crm.depot', 'customer_id', '{code}', 'constant(WITHHELD)', mode => 'hide');
SELECT contact_guard.protect('crm.area', 'customer_id', '{code}', 'constant(WITHHELD)', mode => 'hide');
SELECT contact_guard.allow('dispatcher', purpose => 'planning');
SELECT contact_guard.allow('postgres', purpose => 'the suite', level => 'bulk');

CREATE SERVER loop FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host :'host', port :'port', dbname 'mediation');
CREATE USER MAPPING FOR anna SERVER loop OPTIONS (user 'anna', password_required 'false');
GRANT USAGE ON FOREIGN SERVER loop TO PUBLIC;
CREATE FOREIGN TABLE mediation.remote (id bigint, name text, phone text) SERVER loop OPTIONS (schema_name 'crm', table_name 'customer');
GRANT ALL ON mediation.remote TO PUBLIC;
ANALYZE;
