-- what: inlined: a view over the table
-- outcome: masked
CREATE VIEW scratch.v AS SELECT id, phone AS tel FROM crm.customer;
CREATE FUNCTION scratch.f() RETURNS SETOF text STABLE LANGUAGE sql AS 'SELECT tel FROM scratch.v';
SELECT * FROM scratch.f();
