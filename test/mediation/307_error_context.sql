-- what: CONTEXT with arguments
-- outcome: masked
-- error: 22012
CREATE FUNCTION scratch.f(t text) RETURNS int LANGUAGE plpgsql AS $$BEGIN EXECUTE 'SELECT 1 / 0 /*' || t || '*/'; RETURN 1; END$$;
SELECT scratch.f(phone) FROM crm.customer WHERE id = 42;
