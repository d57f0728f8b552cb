-- what: shown values stored through a scalar SQL function
-- outcome: refused 42501
CREATE FUNCTION scratch.f(bigint) RETURNS text VOLATILE LANGUAGE sql AS 'SELECT phone FROM crm.customer WHERE id = $1';
CREATE TABLE scratch.t AS SELECT scratch.f(7);
