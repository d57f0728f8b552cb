-- A CRM of :customers customers without any guard, and roles: a technician, anna, whose
-- open jobs are at the customers 1 to 10, and a dispatcher.
SET client_min_messages = warning;
CREATE ROLE anna LOGIN;
CREATE ROLE dispatcher LOGIN;
CREATE SCHEMA crm;
GRANT USAGE ON SCHEMA crm TO PUBLIC;
CREATE TABLE crm.plain (id int PRIMARY KEY, name text, phone text, email text);
INSERT INTO crm.plain
	SELECT i, 'Customer ' || i, '+336' || lpad(i::text, 8, '0'), 'c' || i || '@example.com' FROM generate_series(1, :customers) i;
CREATE TABLE crm.intervention (id int PRIMARY KEY, customer_id int, technician text, opens_at timestamptz, closes_at timestamptz);
INSERT INTO crm.intervention SELECT i, i, 'anna', now() - interval '1 hour', now() + interval '1 day' FROM generate_series(1, 10) i;
-- Those of 200 colleagues, over a year
INSERT INTO crm.intervention
	SELECT i, i, 'technician' || i % 200, at, at + interval '2 hours'
	  FROM generate_series(11, :customers) i, LATERAL (SELECT now() - (i % 365) * interval '1 day' AS at) moment;
CREATE INDEX ON crm.intervention (technician, opens_at);
CREATE INDEX ON crm.intervention (customer_id, technician);
GRANT SELECT ON ALL TABLES IN SCHEMA crm TO anna, dispatcher;
