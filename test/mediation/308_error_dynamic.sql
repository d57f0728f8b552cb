-- what: QUERY of a dynamic statement that fails
-- outcome: masked
-- error: 42601
DO $$BEGIN EXECUTE (SELECT 'SELEC ' || phone FROM crm.customer WHERE id = 42); END$$;
