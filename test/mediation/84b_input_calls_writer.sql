-- what: the same in the input of a composite type
-- outcome: refused 42501
CREATE FUNCTION scratch.drops(bigint) RETURNS bool LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $1; RETURN true; END$$;
CREATE DOMAIN scratch.dom AS bigint CHECK (scratch.drops(VALUE));
CREATE TYPE scratch.pair AS (d scratch.dom, e int);
SELECT CASE WHEN phone = 'WITHHELD' THEN ('(' || id || ',1)')::scratch.pair END FROM crm.customer;
