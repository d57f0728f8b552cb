-- What a site adds for the gateway: its login, and the passwords of the technicians' telephones.
-- Run it as a superuser in the database of the CRM, behind CREATE EXTENSION contact_guard.
--
--   psql -d crm -f site.sql
--   psql -d crm -c "SELECT relay.set_password('anna', '…')"

CREATE ROLE gateway LOGIN;
GRANT contact_guard_gateway TO gateway;

-- A locked table must not hold the gateway up: it answers 503 then.
ALTER ROLE gateway SET statement_timeout = '300ms';
-- Kamailio builds SQL as text, so tokens stand in it.  They must not come into the server's log.
ALTER ROLE gateway SET log_statement = 'none';
ALTER ROLE gateway SET log_min_duration_statement = -1;
ALTER ROLE gateway SET log_min_error_statement = 'panic';
ALTER ROLE gateway SET track_activities = off;

-- Digest authentication needs MD5(user:realm:password), as good as the password itself.
CREATE SCHEMA relay;
CREATE TABLE relay.telephone (technician name PRIMARY KEY, ha1 text NOT NULL);

CREATE FUNCTION relay.set_password(technician name, password text) RETURNS void
	LANGUAGE sql SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		INSERT INTO relay.telephone VALUES (technician, md5(technician || ':relay.example:' || password))
		ON CONFLICT (technician) DO UPDATE SET ha1 = excluded.ha1;
	END;
REVOKE ALL ON FUNCTION relay.set_password(name, text) FROM PUBLIC;

-- The gateway asks for one of them at a time.
CREATE FUNCTION relay.ha1(technician text) RETURNS text
	LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
	BEGIN ATOMIC
		SELECT t.ha1 FROM relay.telephone t WHERE t.technician = ha1.technician;
	END;
REVOKE ALL ON FUNCTION relay.ha1(text) FROM PUBLIC;
GRANT USAGE ON SCHEMA relay TO gateway;
GRANT EXECUTE ON FUNCTION relay.ha1(text) TO gateway;
