-- what: a CTE of an INSERT, of which no column is used, calls a function by masks
-- outcome: refused 42501
CREATE FUNCTION scratch.drop_notes(bigint) RETURNS int LANGUAGE plpgsql AS $$BEGIN DELETE FROM crm.note WHERE customer_id = $1; RETURN 1; END$$;
WITH x AS MATERIALIZED (SELECT CASE WHEN phone = 'WITHHELD' THEN scratch.drop_notes(id) END AS c FROM crm.customer) INSERT INTO crm.note SELECT 5000, 1 FROM (SELECT count(*) FROM x) y;
