-- what: a CTE deletes what a called function has chosen by masks
-- outcome: refused 42501
CREATE FUNCTION scratch.gone(bigint) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RETURN EXISTS (SELECT FROM crm.customer WHERE id = $1 AND email IS NULL); END$$;
WITH d AS (DELETE FROM crm.note WHERE scratch.gone(customer_id) RETURNING 1) SELECT count(*) FROM d;
