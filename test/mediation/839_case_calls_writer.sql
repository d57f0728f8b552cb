-- what: a mask chooses, inside CASE, whether a function that deletes is called
-- outcome: refused 42501
CREATE FUNCTION scratch.drop_notes(bigint) RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $1; RETURN 1; END$$;
SELECT count(CASE WHEN phone = 'WITHHELD' THEN scratch.drop_notes(id) END) FROM crm.customer;
