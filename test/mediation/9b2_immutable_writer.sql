-- what: DELETE by way of a function marked IMMUTABLE, for rows that another function has chosen by masks
-- outcome: refused 42501
CREATE FUNCTION scratch.remove(bigint) RETURNS text VOLATILE LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.customer WHERE id = $1; RETURN 'x'; END$$;
CREATE FUNCTION scratch.tidy(bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT scratch.remove($1)); END$$;
CREATE FUNCTION scratch.is_masked(bigint) RETURNS boolean STABLE LANGUAGE sql AS 'SELECT phone IS DISTINCT FROM ''x'' FROM crm.customer WHERE id = $1';
SELECT scratch.tidy(i) FROM generate_series(10, 12) i WHERE scratch.is_masked(i);
