-- what: inlined: a CTE in a sub-select
-- outcome: masked
CREATE FUNCTION scratch.f() RETURNS SETOF text STABLE LANGUAGE sql AS 'SELECT (WITH w AS MATERIALIZED (SELECT c.phone) SELECT * FROM w) FROM crm.customer c';
SELECT * FROM scratch.f();
