-- A CRM of :rows customers, guarded, and the same table without a guard beside it.
SET client_min_messages = warning;
CREATE EXTENSION contact_guard;
CREATE ROLE anna LOGIN;
CREATE ROLE dispatcher LOGIN;
CREATE ROLE verifier LOGIN IN ROLE contact_guard_auditor;
CREATE SCHEMA crm;
GRANT USAGE ON SCHEMA crm TO PUBLIC;
CREATE TABLE crm.customer (id int PRIMARY KEY, name text, phone text, email text);
INSERT INTO crm.customer
	SELECT i, 'Customer ' || i, '+336' || lpad(i::text, 8, '0'), 'c' || i || '@example.com' FROM generate_series(1, :rows) i;
CREATE TABLE crm.plain AS TABLE crm.customer;
ALTER TABLE crm.plain ADD PRIMARY KEY (id);
CREATE TABLE crm.intervention (id int PRIMARY KEY, customer_id int, technician text, opens_at timestamptz, closes_at timestamptz);
INSERT INTO crm.intervention SELECT i, i, 'anna', now() - interval '1 hour', now() + interval '1 day' FROM generate_series(1, 10) i;
CREATE INDEX ON crm.intervention (technician, opens_at);
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO anna, dispatcher;
SELECT contact_guard.use_interventions('crm.intervention', id => 'id', customer => 'customer_id',
	technician => 'technician', opens_at => 'opens_at', closes_at => 'closes_at');
SELECT contact_guard.protect('crm.customer', 'id', '{phone,email}', 'partial(4,2)');
SELECT contact_guard.allow('dispatcher', 'planning');
