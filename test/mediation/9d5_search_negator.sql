-- what: a search: an operator of a harmless function, whose negator is a user's
-- outcome: recorded shown
-- as: dispatcher
CREATE FUNCTION scratch.spy(text, text) RETURNS bool IMMUTABLE COST 1 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN false; END$$;
CREATE OPERATOR scratch.=%% (LEFTARG = text, RIGHTARG = text, FUNCTION = public.similarity_op, NEGATOR = OPERATOR(scratch.!%%));
CREATE OPERATOR scratch.!%% (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.spy, NEGATOR = OPERATOR(scratch.=%%));
SELECT count(*) FROM crm.customer WHERE id = 42 AND NOT (phone OPERATOR(scratch.=%%) 'x');
