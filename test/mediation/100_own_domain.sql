-- what: a domain's CHECK that tells
-- outcome: masked
CREATE FUNCTION scratch.tell(text) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
CREATE DOMAIN scratch.d AS text CHECK (scratch.tell(VALUE));
SELECT phone::scratch.d IS NULL FROM crm.customer;
