-- what: inlined: LATERAL
-- outcome: masked
CREATE FUNCTION scratch.f() RETURNS SETOF text STABLE LANGUAGE sql AS 'SELECT l.x FROM crm.customer c, LATERAL (SELECT c.phone AS x OFFSET 0) l';
SELECT * FROM scratch.f();
