-- what: hidden rows: row_security = off, a partition read directly
-- outcome: refused 42501
SET row_security = off;
COPY crm.area_n (note) TO STDOUT;
