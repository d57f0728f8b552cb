-- what: operators that the verdict might use
-- outcome: masked
CREATE FUNCTION scratch.yes(text, text) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION scratch.yes(timestamptz, timestamptz) RETURNS bool LANGUAGE sql AS 'SELECT true';
CREATE OPERATOR scratch.= (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.yes);
CREATE OPERATOR scratch.> (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = scratch.yes);
CREATE OPERATOR scratch.< (LEFTARG = timestamptz, RIGHTARG = timestamptz, FUNCTION = scratch.yes);
SET search_path = scratch, pg_catalog;
SELECT phone FROM crm.customer;
