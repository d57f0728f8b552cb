-- what: an operator of one's own
-- outcome: masked
CREATE FUNCTION scratch.tell(text, text) RETURNS bool COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
CREATE OPERATOR scratch.= (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.tell);
SELECT id FROM crm.customer WHERE phone OPERATOR(scratch.=) 'x';
