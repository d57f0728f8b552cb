-- what: the same in json_populate_record()
-- outcome: refused 42501
CREATE FUNCTION scratch.drops(bigint) RETURNS bool LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $1; RETURN true; END$$;
CREATE DOMAIN scratch.dom AS bigint CHECK (scratch.drops(VALUE));
CREATE TYPE scratch.pair AS (d scratch.dom, e int);
SELECT CASE WHEN phone = 'WITHHELD' THEN json_populate_record(NULL::scratch.pair, json_build_object('d', id)) END FROM crm.customer;
