-- what: BEGIN ATOMIC that returns whole rows
-- outcome: masked
CREATE FUNCTION scratch.f() RETURNS SETOF crm.customer STABLE LANGUAGE sql BEGIN ATOMIC SELECT * FROM crm.customer; END;
SELECT * FROM scratch.f();
SELECT f.phone, f FROM scratch.f() WITH ORDINALITY f;
