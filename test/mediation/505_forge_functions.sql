-- what: functions of the same names before ours
-- outcome: masked
CREATE FUNCTION scratch.reveal(text, bigint, text) RETURNS text LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION scratch.reveal(anyelement, bigint, anyelement) RETURNS anyelement LANGUAGE sql AS 'SELECT $1';
CREATE FUNCTION scratch.current_actor() RETURNS text LANGUAGE sql AS $$SELECT 'dispatcher'$$;
CREATE FUNCTION scratch.has_open_window(bigint) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION scratch.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$SELECT now() - interval '36 hours'$$;
SET search_path = scratch, contact_guard, crm, pg_catalog;
SELECT phone, mobile, email FROM customer;
