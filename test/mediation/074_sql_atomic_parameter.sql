-- what: a whole row as a function's argument
-- outcome: masked
CREATE FUNCTION scratch.f(c crm.customer) RETURNS text IMMUTABLE LANGUAGE sql RETURN c.phone;
SELECT scratch.f(c), f FROM crm.customer c, LATERAL scratch.f(c) f;
