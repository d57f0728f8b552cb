-- what: the same in domain_in()
-- outcome: refused 42501
CREATE FUNCTION scratch.drops(bigint) RETURNS bool LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $1; RETURN true; END$$;
CREATE DOMAIN scratch.dom AS bigint CHECK (scratch.drops(VALUE));
SELECT CASE WHEN phone = 'WITHHELD' THEN domain_in(id::text::cstring, 'scratch.dom'::regtype, -1) IS NULL END FROM crm.customer;
