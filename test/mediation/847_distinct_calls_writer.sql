-- what: DISTINCT of masks says how often the function of an aggregate writes
-- outcome: refused 42501
CREATE FUNCTION scratch.adds(bigint, text) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN INSERT INTO crm.note VALUES (1000 + $1, 1); RETURN $1 + 1; END$$;
CREATE AGGREGATE scratch.agg(text) (sfunc = scratch.adds, stype = bigint, initcond = 0);
SELECT scratch.agg(DISTINCT phone) FROM crm.customer;
