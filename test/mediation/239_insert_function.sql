-- what: through an inlined function
-- outcome: refused 42501
CREATE TABLE scratch.t (a text);
CREATE FUNCTION scratch.f() RETURNS SETOF text STABLE LANGUAGE sql AS 'SELECT phone FROM crm.customer';
INSERT INTO scratch.t SELECT * FROM scratch.f();
