-- what: DELETE by way of a STABLE function that a mask decides to call
-- outcome: refused 42501
CREATE FUNCTION scratch.remove(bigint) RETURNS text VOLATILE LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.customer WHERE id = $1; RETURN 'x'; END$$;
CREATE FUNCTION scratch.tidy(bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT scratch.remove($1)); END$$;
SELECT CASE WHEN phone IS DISTINCT FROM 'x' THEN scratch.tidy(id) END FROM crm.customer ORDER BY id LIMIT 2;
