-- what: a function as a default argument
-- outcome: masked
CREATE FUNCTION scratch.f(bigint) RETURNS text STABLE LANGUAGE sql AS 'SELECT phone FROM crm.customer WHERE id = $1';
CREATE FUNCTION scratch.g(t text DEFAULT scratch.f(42)) RETURNS text LANGUAGE sql AS 'SELECT t';
SELECT scratch.g();
