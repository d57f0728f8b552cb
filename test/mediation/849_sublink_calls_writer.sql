-- what: a mask chooses, inside CASE, whether an aggregate of a sub-select deletes
-- outcome: refused 42501
CREATE FUNCTION scratch.drops(bigint, bigint) RETURNS bigint LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $2; RETURN $2; END$$;
CREATE AGGREGATE scratch.agg(bigint) (sfunc = scratch.drops, stype = bigint, initcond = 0);
SELECT CASE WHEN phone = 'WITHHELD' THEN (SELECT scratch.agg(x) FROM generate_series(id, id) x) END FROM crm.customer;
