-- what: the same in a cast to json, which to_json() calls
-- outcome: refused 42501
CREATE TYPE scratch.span AS RANGE (SUBTYPE = bigint);
CREATE FUNCTION scratch.tell(scratch.span) RETURNS json LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = lower($1); RETURN '1'; END$$;
CREATE CAST (scratch.span AS json) WITH FUNCTION scratch.tell;
SELECT CASE WHEN phone = 'WITHHELD' THEN to_json(scratch.span(id, id + 1)) END FROM crm.customer;
