-- what: set-returning SQL functions that the planner inlines
-- outcome: masked
CREATE FUNCTION scratch.f() RETURNS SETOF text STABLE LANGUAGE sql AS 'SELECT phone FROM crm.customer';
SELECT * FROM scratch.f();
