-- The CRM, and its policy by the functions that every version has.
CREATE SCHEMA crm;
GRANT USAGE ON SCHEMA crm TO PUBLIC;
CREATE TABLE crm.customer (id bigint PRIMARY KEY, name text, phone text, email text, updated_at timestamptz);
CREATE TABLE crm.site (id bigint PRIMARY KEY, customer_id bigint NOT NULL, door_code text);
CREATE INDEX ON crm.site (customer_id);
CREATE TABLE crm.note (id bigint PRIMARY KEY, customer_id bigint NOT NULL, text text);
CREATE TABLE crm.visit (id bigint PRIMARY KEY, customer_id bigint NOT NULL, technician name NOT NULL,
	starts_at timestamptz NOT NULL, ends_at timestamptz NOT NULL, status text NOT NULL);
CREATE INDEX ON crm.visit (technician, starts_at);
CREATE TABLE crm.plain (id bigint PRIMARY KEY, word text);
INSERT INTO crm.customer SELECT i, 'Customer ' || i, '06' || lpad(i::text, 8, '0'), 'c' || i || '@example.org' FROM generate_series(1, 60) i;
INSERT INTO crm.site SELECT i, i, 'code ' || i FROM generate_series(1, 60) i;
INSERT INTO crm.note SELECT i, i, 'note ' || i FROM generate_series(1, 60) i;
INSERT INTO crm.visit SELECT i, i, 'anna', '2020-01-01', '2099-01-01', 'on_site' FROM generate_series(1, 20) i;
INSERT INTO crm.plain SELECT i, 'word ' || i FROM generate_series(1, 10) i;
CREATE FUNCTION crm.set_updated_at() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.updated_at := now(); RETURN NEW; END';
ALTER FUNCTION crm.set_updated_at() SET search_path = pg_catalog, pg_temp;
CREATE TRIGGER set_updated_at BEFORE UPDATE ON crm.customer FOR EACH ROW EXECUTE FUNCTION crm.set_updated_at();
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA crm TO anna, dispatcher, backup, eve, pool;
SELECT contact_guard.use_interventions('crm.visit', customer => 'customer_id', technician => 'technician',
	opens_at => 'starts_at', closes_at => 'ends_at', open_when => $$status = 'on_site'$$);
