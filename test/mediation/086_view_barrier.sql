-- what: a view with security_barrier, and a function that tells
-- outcome: masked
\c - owner
CREATE VIEW scratch.v WITH (security_barrier) AS SELECT * FROM crm.customer WHERE id > 40;
GRANT SELECT ON scratch.v TO anna;
\c - anna
CREATE FUNCTION scratch.tell(text) RETURNS bool COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
SELECT id FROM scratch.v WHERE scratch.tell(phone);
