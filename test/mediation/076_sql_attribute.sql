-- what: functional notation on the row
-- outcome: masked
CREATE FUNCTION scratch.tel(c crm.customer) RETURNS text STABLE LANGUAGE sql AS 'SELECT $1.phone || $1.mobile';
SET search_path = scratch;
SELECT c.tel FROM crm.customer c;
