-- what: a search: flags come from the query, or the error tells the value
-- outcome: recorded shown
-- as: dispatcher
DO $$ BEGIN PERFORM 1 FROM crm.customer WHERE id = 42 AND regexp_replace('a', 'a', 'b', phone) = 'z';
EXCEPTION WHEN OTHERS THEN RAISE NOTICE '%', SQLERRM; END $$;
