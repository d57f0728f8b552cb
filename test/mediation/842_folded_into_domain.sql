-- what: a function marked IMMUTABLE, folded into the check of a domain, which the session keeps
-- outcome: refused 0A000
CREATE FUNCTION scratch.folded(bigint) RETURNS text IMMUTABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone FROM crm.customer WHERE id = $1); END$$;
CREATE DOMAIN scratch.d AS text CHECK (VALUE <> scratch.folded(42));
SELECT 'GUARDED-0007-PHONE'::scratch.d;
