-- what: a function that has read a mask chooses the rows for which another one deletes
-- outcome: refused 42501
CREATE FUNCTION scratch.drop_notes(bigint) RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $1; RETURN 1; END$$;
CREATE FUNCTION scratch.is_masked(bigint) RETURNS bool STABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone = 'WITHHELD' FROM crm.customer WHERE id = $1); END$$;
SELECT scratch.drop_notes(customer_id) FROM crm.note WHERE scratch.is_masked(customer_id);
