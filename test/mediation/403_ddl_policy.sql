-- what: CREATE POLICY
-- outcome: refused 42501
-- as: owner
BEGIN;
CREATE FUNCTION scratch.tell(text) RETURNS bool COST 0.0001 LANGUAGE plpgsql AS $$BEGIN RAISE NOTICE '%', $1; RETURN true; END$$;
ALTER TABLE crm.customer ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON crm.customer USING (scratch.tell(phone));
