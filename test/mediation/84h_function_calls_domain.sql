-- what: a function that has read a mask chooses the rows for which the check of a domain deletes
-- outcome: refused 42501
CREATE FUNCTION scratch.drops(bigint) RETURNS bool LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $1; RETURN true; END$$;
CREATE DOMAIN scratch.dom AS bigint CHECK (scratch.drops(VALUE));
CREATE FUNCTION scratch.is_masked(bigint) RETURNS bool STABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT phone = 'WITHHELD' FROM crm.customer WHERE id = $1); END$$;
SELECT customer_id::scratch.dom FROM crm.note WHERE scratch.is_masked(customer_id);
