-- what: a refcursor out of a function
-- outcome: masked
CREATE FUNCTION scratch.f() RETURNS refcursor LANGUAGE plpgsql AS $$DECLARE c refcursor := 'c'; BEGIN OPEN c FOR SELECT * FROM crm.customer; RETURN c; END$$;
BEGIN;
SELECT scratch.f();
FETCH ALL FROM c;
COMMIT;
