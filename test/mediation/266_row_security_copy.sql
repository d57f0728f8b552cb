-- what: COPY with row_security off
-- outcome: refused 42501
SET row_security = off;
COPY crm.customer TO STDOUT;
