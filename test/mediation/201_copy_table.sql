-- what: COPY table TO STDOUT
-- outcome: masked
COPY crm.customer TO STDOUT;
