-- what: hidden rows: a cast behind a foreign key runs as their owner
-- outcome: masked
-- touches: no
CREATE TYPE scratch.e AS ENUM ('a');
CREATE FUNCTION scratch.f(scratch.e) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', (SELECT string_agg(note, ' ') FROM crm.depot); RETURN 7; END$$;
CREATE CAST (scratch.e AS bigint) WITH FUNCTION scratch.f AS IMPLICIT;
CREATE TABLE scratch.child (id scratch.e REFERENCES crm.depot);
INSERT INTO scratch.child VALUES ('a');
