-- what: an UPDATE compares by an operator of the user's own
-- outcome: refused 42501
CREATE FUNCTION scratch.eq(text, text) RETURNS boolean LANGUAGE plpgsql AS $$BEGIN RETURN $1 = $2; END$$;
CREATE OPERATOR scratch.= (FUNCTION = scratch.eq, LEFTARG = text, RIGHTARG = text);
UPDATE crm.customer SET phone = 'WITHHELD', city = CASE WHEN phone OPERATOR(scratch.=) 'WITHHELD' THEN 'yes' END WHERE id = 42;
