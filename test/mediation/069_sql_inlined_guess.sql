-- what: inlined: a guess in EXISTS
-- outcome: masked
CREATE FUNCTION scratch.f() RETURNS SETOF bigint STABLE LANGUAGE sql AS $$SELECT c.id FROM crm.customer c WHERE EXISTS (SELECT 1 FROM (VALUES (mediation.mark(42, 'PHONE'))) v (x) WHERE v.x = c.phone OFFSET 0)$$;
SELECT mediation.mark(f) FROM scratch.f() f;
