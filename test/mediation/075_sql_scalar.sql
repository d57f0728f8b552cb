-- what: scalar SQL functions
-- outcome: masked
CREATE FUNCTION scratch.f(bigint) RETURNS text STABLE LANGUAGE sql AS 'SELECT phone FROM crm.customer WHERE id = $1';
SELECT scratch.f(42), scratch.f(43) LIKE 'GUARD%';
SELECT scratch.f(i) FROM generate_series(40, 45) i;
