-- what: WHERE CURRENT OF a cursor whose rows a called function has chosen by masks
-- outcome: refused 42501
CREATE FUNCTION scratch.gone(bigint) RETURNS bool LANGUAGE plpgsql AS $$BEGIN RETURN EXISTS (SELECT FROM crm.customer WHERE id = $1 AND email IS NULL); END$$;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM crm.note WHERE scratch.gone(customer_id) FOR UPDATE;
MOVE 1 c;
DELETE FROM crm.note WHERE CURRENT OF c;
