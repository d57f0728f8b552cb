-- what: hidden rows: row_security = off
-- outcome: refused 42501
SET row_security = off;
SELECT note FROM crm.depot;
