-- what: FILTER with a mask chooses what the final function of an aggregate deletes
-- outcome: refused 42501
CREATE FUNCTION scratch.drop_notes(bigint) RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $1; RETURN 1; END$$;
CREATE AGGREGATE scratch.agg(bigint) (sfunc = int8larger, stype = bigint, finalfunc = scratch.drop_notes);
SELECT scratch.agg(id) FILTER (WHERE phone = 'WITHHELD') FROM crm.customer WHERE id = 42;
