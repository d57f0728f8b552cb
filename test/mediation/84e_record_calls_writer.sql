-- what: the same in the columns of json_to_record()
-- outcome: refused 42501
CREATE FUNCTION scratch.drops(bigint) RETURNS bool LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $1; RETURN true; END$$;
CREATE DOMAIN scratch.dom AS bigint CHECK (scratch.drops(VALUE));
SELECT CASE WHEN phone = 'WITHHELD' THEN (SELECT d FROM json_to_record(json_build_object('d', id)) AS r(d scratch.dom)) END FROM crm.customer;
