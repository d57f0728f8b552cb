-- what: writing our tables
-- outcome: masked
\set ON_ERROR_STOP off
INSERT INTO contact_guard.permission VALUES ('anna', NULL, 'x', 'recorded');
INSERT INTO contact_guard.intervention (customer, technician, opens_at, closes_at) VALUES ('42', 'anna', '-infinity', 'infinity');
DELETE FROM contact_guard.log;
GRANT ALL ON ALL TABLES IN SCHEMA contact_guard TO anna;
GRANT contact_guard_admin TO anna;
ALTER FUNCTION contact_guard.current_actor() OWNER TO anna;
\set ON_ERROR_STOP on
SELECT phone FROM crm.customer;
