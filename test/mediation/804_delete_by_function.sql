-- what: a function that looks at masks, called by DELETE
-- outcome: refused 42501
CREATE FUNCTION scratch.gone(bigint) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RETURN EXISTS (SELECT FROM crm.customer WHERE id = $1 AND email IS NULL); END$$;
DELETE FROM crm.note WHERE scratch.gone(customer_id);
