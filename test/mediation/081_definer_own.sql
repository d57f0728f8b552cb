-- what: SECURITY DEFINER of the owner, at the customer with a window
-- outcome: shown
\c - owner
CREATE FUNCTION scratch.f(bigint) RETURNS text SECURITY DEFINER STABLE LANGUAGE sql AS 'SELECT phone FROM crm.customer WHERE id = $1';
\c - anna
SELECT scratch.f(7), scratch.f(42);
