-- what: PL/pgSQL functions that return rows
-- outcome: masked
CREATE FUNCTION scratch.f() RETURNS SETOF crm.customer LANGUAGE plpgsql AS $$BEGIN RETURN QUERY SELECT * FROM crm.customer; RETURN QUERY EXECUTE 'SELECT * FROM crm.customer WHERE id = 42'; END$$;
CREATE FUNCTION scratch.g() RETURNS TABLE (i bigint, p text) LANGUAGE plpgsql AS $$BEGIN FOR i, p IN SELECT id, phone FROM crm.customer LOOP RETURN NEXT; END LOOP; END$$;
SELECT * FROM scratch.f();
SELECT * FROM scratch.g();
SELECT scratch.f();
