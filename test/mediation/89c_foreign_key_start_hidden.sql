-- what: code that runs when PostgreSQL prepares the query of a foreign key sees hidden rows
-- outcome: masked
-- touches: no
\c - owner
CREATE VIEW scratch.depots AS SELECT id, note FROM crm.depot;
GRANT SELECT ON scratch.depots TO anna;
\c - anna
CREATE TYPE scratch.e AS ENUM ('a');
-- A new plan each time: one that is kept from an earlier call has the filter.
CREATE FUNCTION scratch.tell() RETURNS int LANGUAGE plpgsql
	AS $$DECLARE seen text; BEGIN EXECUTE 'SELECT string_agg(note, '' '') FROM scratch.depots' INTO seen; RAISE NOTICE 'seen: %', seen; RETURN 1; EXCEPTION WHEN OTHERS THEN RETURN 1; END$$;
CREATE FUNCTION scratch.number(scratch.e) RETURNS int LANGUAGE plpgsql STABLE
	AS $$DECLARE x int; BEGIN x := scratch.tell(); RETURN x; END$$;
CREATE CAST (scratch.e AS int) WITH FUNCTION scratch.number(scratch.e) AS IMPLICIT;
CREATE TABLE scratch.party (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE scratch.party_a PARTITION OF scratch.party FOR VALUES FROM (0) TO (10);
CREATE TABLE scratch.party_b PARTITION OF scratch.party FOR VALUES FROM (10) TO (20);
INSERT INTO scratch.party VALUES (1);
CREATE TABLE scratch.child (party scratch.e REFERENCES scratch.party);
SET client_min_messages = notice;
INSERT INTO scratch.child VALUES ('a');
SELECT string_agg(note, ' ') FROM scratch.depots;
