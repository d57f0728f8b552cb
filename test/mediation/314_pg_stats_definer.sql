-- what: pg_stats through a superuser's function
-- outcome: masked
-- touches: no
\c - postgres
CREATE FUNCTION scratch.f() RETURNS SETOF text SECURITY DEFINER LANGUAGE sql AS $$SELECT histogram_bounds::text FROM pg_stats WHERE schemaname = 'crm'$$;
\c - anna
SELECT scratch.f();
