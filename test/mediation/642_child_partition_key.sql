-- what: a partition that is partitioned by a function
-- outcome: refused 42501
-- as: owner
CREATE FUNCTION scratch.tell(text) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN 'a'; END$$;
CREATE TABLE scratch.kid PARTITION OF crm.site FOR VALUES IN ('x') PARTITION BY LIST (scratch.tell(door));
CREATE TABLE scratch.kid_a PARTITION OF scratch.kid DEFAULT;
\c - postgres
UPDATE crm.site SET zone = 'x' WHERE id = 42;
