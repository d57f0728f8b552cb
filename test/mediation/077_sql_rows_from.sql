-- what: ROWS FROM, WITH ORDINALITY
-- outcome: masked
CREATE FUNCTION scratch.f() RETURNS SETOF text STABLE LANGUAGE sql AS 'SELECT phone FROM crm.customer';
SELECT * FROM ROWS FROM (scratch.f(), generate_series(1, 3)) WITH ORDINALITY;
