-- what: the same of a window
-- outcome: refused 42501
CREATE FUNCTION scratch.drops(bigint, bigint) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $2; RETURN $2; END$$;
CREATE AGGREGATE scratch.agg(bigint) (sfunc = scratch.drops, stype = bigint, initcond = 0);
SELECT scratch.agg(id) FILTER (WHERE phone = 'WITHHELD') OVER () FROM crm.customer;
