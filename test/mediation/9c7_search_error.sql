-- what: a search: an invalid pattern tells of a row that is on record
-- outcome: recorded searched
-- as: dispatcher
PREPARE p(text) AS SELECT id FROM crm.customer WHERE id = 42 AND phone LIKE $1;
DO $$BEGIN EXECUTE 'EXECUTE p(''GUARDED-0042-PHONE\'')'; EXCEPTION WHEN invalid_escape_sequence THEN RAISE NOTICE 'found'; END$$;
