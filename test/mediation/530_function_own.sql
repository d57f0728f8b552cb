-- what: an inlined function at the customer with a window
-- outcome: shown
CREATE FUNCTION scratch.f(bigint) RETURNS SETOF text STABLE LANGUAGE sql AS 'SELECT phone FROM crm.customer WHERE id = $1';
SELECT * FROM scratch.f(7);
