-- what: hidden rows: row security switched off by hand
-- outcome: masked
-- as: postgres
BEGIN;
ALTER TABLE crm.depot DISABLE ROW LEVEL SECURITY;
SET SESSION AUTHORIZATION anna;
SELECT * FROM crm.depot;
COPY crm.depot TO STDOUT;
ROLLBACK;
