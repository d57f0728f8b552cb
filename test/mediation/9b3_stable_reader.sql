-- what: a STABLE function that only reads, in queries whose rows and calls masks decide
-- outcome: masked
CREATE FUNCTION scratch.note_of(bigint) RETURNS text STABLE LANGUAGE plpgsql AS $$BEGIN RETURN (SELECT max(word) FROM crm.note WHERE customer_id = $1); END$$;
CREATE FUNCTION scratch.label(text) RETURNS text IMMUTABLE LANGUAGE sql AS $$SELECT '[' || $1 || ']'$$;
SELECT CASE WHEN phone IS DISTINCT FROM 'x' THEN scratch.note_of(id) END FROM crm.customer ORDER BY id LIMIT 2;
SELECT scratch.label(phone), scratch.note_of(id) FROM crm.customer WHERE phone LIKE '%' ORDER BY phone, id OFFSET 1;
INSERT INTO crm.note SELECT 1000 + id, id, scratch.label(name) FROM crm.customer WHERE id < 5 ORDER BY id;
