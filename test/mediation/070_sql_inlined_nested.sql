-- what: inlined functions that call each other
-- outcome: masked
CREATE FUNCTION scratch.f(bigint) RETURNS SETOF crm.customer STABLE LANGUAGE sql AS 'SELECT * FROM crm.customer WHERE id >= $1';
CREATE FUNCTION scratch.g(bigint) RETURNS SETOF text STABLE LANGUAGE sql AS 'SELECT x.phone FROM (VALUES ($1)) v (i), scratch.f(v.i) x UNION ALL SELECT mobile FROM scratch.f($1)';
SELECT * FROM scratch.g(40);
