-- what: a mask chooses, inside CASE, whether the check of a domain deletes
-- outcome: refused 42501
CREATE FUNCTION scratch.drops(bigint) RETURNS bool LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $1; RETURN true; END$$;
CREATE DOMAIN scratch.dom AS bigint CHECK (scratch.drops(VALUE));
SELECT CASE WHEN phone = 'WITHHELD' THEN id::scratch.dom END FROM crm.customer;
