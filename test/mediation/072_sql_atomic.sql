-- what: BEGIN ATOMIC
-- outcome: masked
CREATE FUNCTION scratch.f() RETURNS SETOF text STABLE LANGUAGE sql BEGIN ATOMIC SELECT phone FROM crm.customer; END;
SELECT * FROM scratch.f();
SELECT scratch.f();
