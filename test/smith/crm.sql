-- The CRM that sqlsmith is let loose on.  Guarded values are markers with their
-- customer's number: MARKER-01-… is anna's own, with an open window, the others are not.
-- guarded: whether the tables get their policy; the control run goes without.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
CREATE SCHEMA crm AUTHORIZATION crm_owner;
GRANT USAGE, CREATE ON SCHEMA crm TO anna;
SET ROLE crm_owner;
CREATE TABLE crm.customer (id int PRIMARY KEY, name text NOT NULL, city text, phone text UNIQUE, email varchar(60), floor text, since date DEFAULT current_date);
CREATE TABLE crm.site (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES crm.customer, label text, door_code text);
CREATE TABLE crm.invoice (id int, customer_id int NOT NULL, issued date NOT NULL, amount numeric, street text) PARTITION BY RANGE (issued);
CREATE TABLE crm.invoice_2025 PARTITION OF crm.invoice FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE crm.invoice_2026 PARTITION OF crm.invoice FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE crm.note (id int PRIMARY KEY, customer_id int, body text);
CREATE TABLE crm.intervention (id int PRIMARY KEY, customer_id int NOT NULL, technician name NOT NULL, starts_at timestamptz, ends_at timestamptz, status text);
CREATE INDEX ON crm.intervention (technician, starts_at);
CREATE INDEX ON crm.customer (upper(email));
CREATE FUNCTION pg_temp.marker(c int, what text) RETURNS text LANGUAGE sql AS $$SELECT format('MARKER-%s-%s', lpad(c::text, 2, '0'), what)$$;
INSERT INTO crm.customer SELECT i, 'name ' || i, 'city ' || i % 3, pg_temp.marker(i, 'phone'), pg_temp.marker(i, 'email'), pg_temp.marker(i, 'floor') FROM generate_series(1, 12) i;
INSERT INTO crm.site SELECT i, i % 12 + 1, 'site ' || i, pg_temp.marker(i % 12 + 1, 'door') FROM generate_series(1, 24) i;
INSERT INTO crm.invoice SELECT i, i % 12 + 1, date '2025-06-01' + i * 15, i * 10, pg_temp.marker(i % 12 + 1, 'street') FROM generate_series(1, 30) i;
INSERT INTO crm.note SELECT i, i % 12 + 1, 'note ' || i FROM generate_series(1, 20) i;
-- Customer 1: open; 2: hers, closed days ago; the others are ben's.
INSERT INTO crm.intervention
	SELECT i, i, CASE WHEN i < 3 THEN 'anna' ELSE 'ben' END,
		now() - interval '1 hour' - CASE i WHEN 2 THEN interval '3 days' ELSE '0' END,
		now() + interval '1 day' - CASE i WHEN 2 THEN interval '3 days' ELSE '0' END, 'on_site'
	FROM generate_series(1, 12) i;
CREATE VIEW crm.customer_site AS SELECT c.id, c.name, c.phone, c.email, s.label, s.door_code FROM crm.customer c LEFT JOIN crm.site s ON s.customer_id = c.id;
CREATE VIEW crm.customer_barrier WITH (security_barrier) AS SELECT * FROM crm.customer WHERE since IS NOT NULL;
CREATE VIEW crm.customer_invoker WITH (security_invoker) AS SELECT * FROM crm.customer;
CREATE VIEW crm.whole_rows AS SELECT c AS customer, s AS site, to_jsonb(c) AS j FROM crm.customer c JOIN crm.site s ON s.customer_id = c.id;
CREATE FUNCTION crm.phone_of(c int) RETURNS text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT phone FROM crm.customer WHERE id = c';
CREATE FUNCTION crm.phone_inline(c int) RETURNS text LANGUAGE sql STABLE AS 'SELECT phone FROM crm.customer WHERE id = c';
CREATE FUNCTION crm.customers() RETURNS SETOF crm.customer LANGUAGE sql STABLE AS 'SELECT * FROM crm.customer';
CREATE FUNCTION crm.emails(c int) RETURNS TABLE (id int, email text) LANGUAGE sql STABLE BEGIN ATOMIC SELECT id, email FROM crm.customer WHERE id >= c; END;
CREATE FUNCTION crm.floor_of(c int) RETURNS text LANGUAGE plpgsql AS $$ DECLARE r crm.customer; BEGIN SELECT * INTO r FROM crm.customer WHERE id = c; RETURN r.floor; END $$;
CREATE FUNCTION crm.describe(c crm.customer) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT c.name || c.phone';
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA crm TO anna;
REVOKE INSERT, UPDATE, DELETE ON crm.intervention FROM anna;
RESET ROLE;
CREATE EXTENSION contact_guard;
SELECT contact_guard.use_interventions('crm.intervention', id => 'id', customer => 'customer_id', technician => 'technician', opens_at => 'starts_at', closes_at => 'ends_at', open_when => $$status = 'on_site'$$);
\if :guarded
SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{phone}', mask => 'constant(hidden)');
SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{email}', mask => 'partial(0,0)');
SELECT contact_guard.protect('crm.customer', customer => 'id', columns => '{floor}', mask => 'null');
SELECT contact_guard.protect('crm.site', customer => 'customer_id', columns => '{door_code}', mask => 'null');
SELECT contact_guard.protect('crm.invoice', customer => 'customer_id', columns => '{street}', mask => 'constant(hidden)');
\endif
ANALYZE;
-- sqlsmith knows too little of polymorphic ranges, and would spend half of its statements on errors of the parser.
SET allow_system_table_mods = on;
CREATE TEMP TABLE ranges AS SELECT unnest('{anyrange,anymultirange,anycompatiblerange,anycompatiblemultirange}'::regtype[])::oid AS type;
DELETE FROM pg_operator WHERE EXISTS (SELECT FROM ranges WHERE type IN (oprleft, oprright, oprresult));
DELETE FROM pg_proc WHERE EXISTS (SELECT FROM ranges WHERE type IN (prorettype, provariadic) OR type = ANY (proargtypes))
	AND NOT EXISTS (SELECT FROM pg_type WHERE pg_proc.oid IN (typinput, typoutput, typreceive, typsend, typanalyze, typsubscript));
DROP TABLE ranges;
