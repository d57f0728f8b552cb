-- what: what pg_dump sets
-- outcome: refused 42501
SET row_security = off;
SELECT phone FROM crm.customer WHERE id = 42;
