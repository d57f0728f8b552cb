-- what: SECURITY DEFINER of a superuser
-- outcome: masked
\c - postgres
CREATE FUNCTION scratch.f(bigint) RETURNS text SECURITY DEFINER STABLE LANGUAGE sql AS 'SELECT phone FROM crm.customer WHERE id = $1';
\c - anna
SELECT scratch.f(42);
