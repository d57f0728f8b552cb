-- what: a SELECT with a condition on masks calls a function that deletes
-- outcome: refused 42501
CREATE FUNCTION scratch.drop_notes(bigint) RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $1; RETURN 1; END$$;
SELECT count(scratch.drop_notes(id)) FROM crm.customer WHERE phone = 'WITHHELD';
