-- what: an aggregate of one's own that tells
-- outcome: masked
CREATE FUNCTION scratch.tell(text, text) RETURNS text LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $2; RETURN $2; END$$;
CREATE AGGREGATE scratch.agg (text) (SFUNC = scratch.tell, STYPE = text);
SELECT scratch.agg(phone) FROM crm.customer WHERE id <> 7;
