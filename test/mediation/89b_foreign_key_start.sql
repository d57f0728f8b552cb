-- what: code that runs when PostgreSQL prepares the query of a foreign key changes customer keys
-- outcome: masked
\c - postgres
CREATE TABLE scratch.contact (id int PRIMARY KEY, customer_id bigint, phone text);
INSERT INTO scratch.contact VALUES (1, 42, mediation.mark(42));
GRANT ALL ON scratch.contact TO anna;
SELECT mediation.guard('scratch.contact', 'customer_id', '{phone}');
\c - anna
CREATE TYPE scratch.e AS ENUM ('a');
CREATE FUNCTION scratch.move() RETURNS int LANGUAGE plpgsql
	AS $$BEGIN UPDATE scratch.contact SET customer_id = 7; RETURN 1; EXCEPTION WHEN OTHERS THEN BEGIN UPDATE scratch.contact SET customer_id = NULL; RETURN 1; EXCEPTION WHEN OTHERS THEN RETURN 1; END; END$$;
CREATE FUNCTION scratch.number(scratch.e) RETURNS int LANGUAGE plpgsql STABLE
	AS $$DECLARE x int; BEGIN x := scratch.move(); RETURN x; END$$;
CREATE CAST (scratch.e AS int) WITH FUNCTION scratch.number(scratch.e) AS IMPLICIT;
CREATE TABLE scratch.party (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE scratch.party_a PARTITION OF scratch.party FOR VALUES FROM (0) TO (10);
CREATE TABLE scratch.party_b PARTITION OF scratch.party FOR VALUES FROM (10) TO (20);
INSERT INTO scratch.party VALUES (1);
CREATE TABLE scratch.child (party scratch.e REFERENCES scratch.party);
INSERT INTO scratch.child VALUES ('a');
SELECT phone FROM scratch.contact;
DO $$BEGIN IF NOT EXISTS (SELECT FROM scratch.contact WHERE customer_id = 42) THEN RAISE 'changed'; END IF; END$$;
