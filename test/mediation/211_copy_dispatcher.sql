-- what: COPY by a standing permission: every customer on record
-- outcome: shown
-- as: dispatcher
COPY crm.customer TO STDOUT;
