-- what: a cast of one's own
-- outcome: masked
CREATE TYPE scratch.t AS (a text);
CREATE FUNCTION scratch.cast(crm.customer) RETURNS scratch.t LANGUAGE sql AS 'SELECT ROW($1.phone)::scratch.t';
SELECT scratch.cast(c), (scratch.cast(c)).a FROM crm.customer c;
