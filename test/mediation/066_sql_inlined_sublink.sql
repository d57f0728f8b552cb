-- what: inlined: a sub-select of the column
-- outcome: masked
CREATE FUNCTION scratch.f() RETURNS SETOF text STABLE LANGUAGE sql AS 'SELECT (SELECT c.phone || upper(c.mobile)) FROM crm.customer c';
SELECT * FROM scratch.f();
